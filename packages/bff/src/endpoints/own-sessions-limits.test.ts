import { createMemoryStore } from '@sallyport/session/memory'
import { beforeEach, describe, expect, test } from 'vitest'
import { createOwnWorld } from './own-sessions.fixture.ts'

let world: ReturnType<typeof createOwnWorld>
let largestPage: number
beforeEach(() => {
  largestPage = 0
  world = createOwnWorld((clock) => {
    const store = createMemoryStore({ clock })
    return {
      ...store,
      find(filter, page) {
        const found = store.find(filter, page)
        largestPage = Math.max(largestPage, found.sessions.length)
        return found
      },
    }
  })
})

test('a person with 10,000 sessions gets the latest 100, and can end them all', async () => {
  await world.plant(10_000)
  const own = await world.signIn()
  const body = await world.list(own.cookie)
  expect(body).toHaveLength(100)
  expect(body[0]).toMatchObject({ id: own.id, isCurrent: true })
  expect(body.slice(1, 3).map(({ createdAt }) => createdAt)).toEqual([9999, 9998])
  const answer = await world.ask('DELETE', '/bff/sessions', { cookie: own.cookie })
  expect(answer.body).toEqual({ ended: 10_000 })
  expect(await world.list(own.cookie)).toHaveLength(1)
  expect(largestPage).toBe(50)
})

describe('one’s own sealed sessions', () => {
  const options = { session: { mode: 'sealed' } }
  const signIn = (subject = 'alice') => world.signIn({ subject, options })
  const ask = (method: string, target: string, cookie: string) =>
    world.ask(method, target, { cookie, options })
  const isOpen = async (cookie: string) => (await ask('GET', '/bff/user', cookie)).status === 200

  test('are not listed, and not found by an id', async () => {
    const [own, other] = [await signIn(), await signIn()]
    for (const [method, target] of [
      ['GET', '/bff/sessions'],
      ['DELETE', `/bff/sessions/${other.id}`],
    ] as const) {
      const answer = await ask(method, target, own.cookie)
      expect(answer.status).toBe(404)
      expect(answer.body.code).toBe('ERR_SESSIONS_NOT_LISTED')
    }
    expect(await isOpen(other.cookie)).toBe(true)
  })

  test('end all but the one that asks, which goes on with the cookie it has', async () => {
    const [own, other, bob] = [await signIn(), await signIn(), await signIn('bob')]
    const answer = await ask('DELETE', '/bff/sessions', own.cookie)
    expect(answer).toMatchObject({ status: 200, body: {} })
    const all = [own, other, bob].map(({ cookie }) => isOpen(cookie))
    expect(await Promise.all(all)).toEqual([true, false, true])
    expect(world.audits()).toMatchObject([{ action: 'end_others', outcome: 'done' }])
    expect(world.audits()[0]).not.toHaveProperty('sessions')
  })

  test('a session that was left is ended by the next one that ends the others', async () => {
    const first = await signIn()
    await ask('DELETE', '/bff/sessions', first.cookie)
    world.now += 1
    const second = await signIn()
    expect([await isOpen(first.cookie), await isOpen(second.cookie)]).toEqual([true, true])
    await ask('DELETE', '/bff/sessions', second.cookie)
    expect([await isOpen(first.cookie), await isOpen(second.cookie)]).toEqual([false, true])
  })
})
