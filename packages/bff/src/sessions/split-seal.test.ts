import { inspect } from 'node:util'
import { createSealer, sha256 } from '@sallyport/core'
import type { SessionRecord } from '@sallyport/session'
import { describe, expect, test } from 'vitest'
import { call, createKeeper, renew, sealKeys, signIn, world } from './keeper.fixture.ts'

const frontend = 'https://app.example'

/** All that the store holds of sessions. */
async function stolen(): Promise<SessionRecord[]> {
  const { sessions } = await world.store.find({}, { limit: 100 })
  return sessions.flatMap(({ key }) => (world.store.get(key) as SessionRecord | undefined) ?? [])
}

/** What a thief of store and seal keys reads, with all that the store tells, read or in clear. */
async function readByThief(): Promise<string> {
  const records = await stolen()
  const sealers = ['session', 'sealed-row', 'sealed-session'].map((purpose) =>
    createSealer(sealKeys, `${purpose}:${frontend}`),
  )
  const known = new Set<string | undefined>([undefined, ''])
  for (const { key, subject } of records) {
    for (const text of [key, sha256(key), subject, sha256(subject)]) known.add(text)
  }
  const texts = new Set<string>()
  for (let before = -1; before < texts.size; ) {
    before = texts.size
    for (const { sealed, key } of records) {
      for (const secret of known) {
        for (const sealer of sealers) texts.add(sealer.open(sealed, key, secret) ?? '')
      }
    }
    for (const text of texts) for (const [word] of text.matchAll(/[\w-]{43}/g)) known.add(word)
  }
  return [...texts].join()
}

describe.each(['stored', 'sealed'] as const)('of a %s session, split', (mode) => {
  test('a thief of the store and the seal keys reads nothing', async () => {
    const sessions = createKeeper(`${mode}, split`)
    const browser = await signIn(sessions)
    await renew(sessions, browser, 'second')
    expect(await stolen()).not.toEqual([])
    expect(await readByThief()).toBe('')
    expect((await call(sessions, browser))?.content.refreshToken).toBe('second')
  })

  test('the same thief reads one that is not split: the test can see', async () => {
    const sessions = createKeeper(mode)
    const browser = await signIn(sessions)
    await renew(sessions, browser, 'second')
    expect(await readByThief()).toContain('second')
  })

  test('the secret does not print with the session', async () => {
    const sessions = createKeeper('stored, split')
    const browser = await signIn(sessions)
    const session = await sessions.open(browser.cookies())
    const printed = `${inspect(session, { depth: 9 })}${JSON.stringify(session)}`
    expect(printed).toContain('alice')
    for (const value of browser.jar.values()) expect(printed).not.toContain(value)
  })

  test('switching it on and off under live sessions signs nobody out', async () => {
    const [whole, split] = [createKeeper(mode), createKeeper(`${mode}, split`)]
    const browser = await signIn(split)
    let count = 0
    for (const sessions of [split, split, whole, split, split, whole, whole, split]) {
      count += 1
      expect(await call(sessions, browser), `switch ${count}`).toBeDefined()
      expect(await renew(sessions, browser, `token-${count}`)).toBe(true)
      expect((await call(sessions, browser))?.content.refreshToken).toBe(`token-${count}`)
    }
    const read = await readByThief()
    for (const hidden of mode === 'stored' ? ['token-8'] : ['token-1', 'token-2']) {
      expect(read).not.toContain(hidden)
    }
    if (mode === 'sealed') expect(read).toContain('token-6')
  })

  test('a session that began whole goes on when it is switched on', async () => {
    const split = createKeeper(`${mode}, split`)
    const browser = await signIn(createKeeper(mode))
    expect(await renew(split, browser, 'second')).toBe(true)
    expect((await call(split, browser))?.content.refreshToken).toBe('second')
    const read = await readByThief()
    expect(read.includes('second')).toBe(mode === 'sealed')
  })

  test('processes that are switched one after the other share sessions', async () => {
    const [whole, split] = [createKeeper(mode), createKeeper(`${mode}, split`)]
    const browser = await signIn(split)
    const session = await whole.open(browser.cookies())
    if (!session) throw new Error('it is there')
    await renew(split, browser, 'second')
    expect((await whole.reload(session))?.content.refreshToken).toBe('second')
    await renew(whole, browser, 'third')
    expect((await split.reload(session))?.content.refreshToken).toBe('third')
    const ended = await split.end(session, 'logout')
    expect(ended?.content.refreshToken).toBe('third')
    expect(await whole.open(browser.cookies())).toBeUndefined()
  })
})
