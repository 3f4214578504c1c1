import { createSecret, parseCookies, randomToken } from '@sallyport/core'
import type { SessionStore } from '@sallyport/session'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Visitor } from './visitor.ts'
import { createVisitors } from './visitors.ts'

const lifetime = 1000
const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]
const base = { sealKeys, frontend: 'https://app.example', basePath: '', visitors: { lifetime } }
const name = '__Host-Http-bff.visitor'
const [alice, bob] = ['alice', 'bob'].map((subject) => ({ issuer: 'https://idp.example', subject }))

let now: number
let store: SessionStore
beforeEach(() => {
  now = 1_000_000
  store = createMemoryStore({ clock: () => now })
})

function create(changes: Partial<typeof base> = {}) {
  return createVisitors({ config: { ...base, ...changes }, store, clock: () => now, log })
}

const cookieOf = (visitor: Visitor) => visitor.setCookies[0]?.split(';', 1)[0] as string

/** A visitor, and what its browser sends. */
async function newcomer(visitors = create()) {
  const visitor = await visitors.meet([])
  if (!visitor) throw new Error('nobody was met')
  return { ...visitor, cookies: parseCookies(cookieOf(visitor)) }
}

async function meet(cookies: Parameters<ReturnType<typeof create>['meet']>[0], by = create()) {
  return by.meet(cookies)
}

describe('a visitor', () => {
  test('gets a cookie for this host, these pages and no script, and is met again by it', async () => {
    const first = await newcomer()
    expect(first.id).toMatch(/^[\w-]{43}$/)
    expect(first.setCookies).toEqual([
      expect.stringMatching(
        /^__Host-Http-bff\.visitor=k1\.[\w-]+; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=1000$/,
      ),
    ])
    expect(cookieOf(first)).not.toContain(first.id)
    expect(await meet(first.cookies)).toEqual({ id: first.id, setCookies: [] })
    expect((await newcomer()).id).not.toBe(first.id)
  })

  test('is another one when its time is over, whatever the browser keeps', async () => {
    const first = await newcomer()
    now += lifetime - 1
    expect((await meet(first.cookies))?.id).toBe(first.id)
    now += 1
    expect((await meet(first.cookies))?.id).not.toBe(first.id)
    expect(create().present(first.cookies)).toBeUndefined()
  })

  test('A060: with two different cookies is nobody, and is given none', async () => {
    const [one, two] = [await newcomer(), await newcomer()]
    for (const cookies of [
      [...one.cookies, ...two.cookies],
      [...two.cookies, ...one.cookies],
      [...one.cookies, { name, value: '' }],
    ]) {
      expect(await meet(cookies)).toBeUndefined()
      expect(create().present(cookies)).toBeUndefined()
    }
    expect((await meet([...one.cookies, ...one.cookies]))?.id).toBe(one.id)
  })

  test('A072, A302: with a changed cookie, a made-up one or another frontend’s is new', async () => {
    const { id, cookies } = await newcomer()
    const value = cookies[0]?.value as string
    const elsewhere = await newcomer(create({ frontend: 'https://other.example' }))
    for (const bad of [
      `${value}A`,
      value.slice(0, -1),
      id,
      randomToken(),
      '{"id":"x","createdAt":1000000}',
      elsewhere.cookies[0]?.value as string,
    ]) {
      const met = await meet([{ name, value: bad }])
      expect(met?.setCookies).toHaveLength(1)
      expect([id, elsewhere.id, 'x']).not.toContain(met?.id)
      expect(create().present([{ name, value: bad }])).toBeUndefined()
    }
  })

  test('keeps its cookie apart from the session cookies of every other frontend', async () => {
    const shop = create({ frontend: 'https://app.example/shop', basePath: '/shop' })
    expect(cookieOf(await newcomer(shop))).toMatch(/^__Host-Http-bff!shop\.visitor=/)
  })

  test('A076: is sealed anew under the newest key, for the time that is left', async () => {
    const first = await newcomer()
    now += 400
    const fresh = { kid: 'k2', key: createSecret(randomToken()) }
    const rotated = create({ sealKeys: [fresh, ...sealKeys] })
    const met = await meet(first.cookies, rotated)
    expect(met?.id).toBe(first.id)
    expect(met?.setCookies[0]).toMatch(/=k2\.[\w-]+; .*Max-Age=600$/)
    const alone = create({ sealKeys: [fresh] })
    expect((await meet(parseCookies(cookieOf(met as Visitor)), alone))?.id).toBe(first.id)
    expect((await meet(first.cookies, alone))?.id).not.toBe(first.id)
  })
})

describe('a visitor who becomes a person', () => {
  test('A009: is nobody any more: whoever kept the cookie is another visitor', async () => {
    const first = await newcomer()
    expect(await create().claim({ id: first.id }, alice as never)).toBe(true)
    const met = await meet(first.cookies)
    expect(met?.id).not.toBe(first.id)
    expect(met?.setCookies).toHaveLength(1)
  })

  test('A009: is that person for good, in whichever tab, and nobody else', async () => {
    const { id } = await newcomer()
    const visitors = create()
    const both = await Promise.all([alice, bob].map((one) => visitors.claim({ id }, one as never)))
    expect(both).toEqual([true, false])
    expect(await visitors.claim({ id }, alice as never)).toBe(true)
    now += lifetime - 1
    expect(await visitors.claim({ id }, bob as never)).toBe(false)
    const other = create({ frontend: 'https://other.example' })
    expect(await other.claim({ id }, bob as never)).toBe(true)
  })

  test('A009: of an issuer: the same subject at another one is another person', async () => {
    const { id } = await newcomer()
    expect(await create().claim({ id }, alice as never)).toBe(true)
    const namesake = { issuer: 'https://other.example', subject: 'alice' }
    expect(await create().claim({ id }, namesake)).toBe(false)
  })

  test('goes on into a new session of the same person only', async () => {
    const coming = { id: randomToken(), subject: 'alice' }
    expect(await create().claim(coming, alice as never)).toBe(true)
    expect(await create().claim(coming, bob as never)).toBe(false)
  })
})

test('no visitor leaves anything in the store', async () => {
  const untouched = {
    claim: () => Promise.reject(new Error('written')),
    mark: () => Promise.reject(new Error('written')),
    marks: (ids: readonly string[]) => ids.map(() => undefined),
  }
  const visitors = createVisitors({ config: base, store: untouched, clock: () => now, log })
  for (let i = 0; i < 1000; i += 1) {
    const { cookies, id } = await newcomer(visitors)
    expect((await visitors.meet(cookies))?.id).toBe(id)
  }
})
