import type { SessionStore } from '@sallyport/session'
import { describe, expect, test } from 'vitest'
import { createKeeper, modes, signIn, world } from './keeper.fixture.ts'

/** The store of a process that is killed after so many writes: what it waits for never comes. */
function storeUntilKilled(writes: number): SessionStore {
  const write = <Arguments extends unknown[], Value>(run: (...given: Arguments) => Value) => {
    return (...given: Arguments): Value => {
      if (writes === 0) return new Promise(() => {}) as Value
      writes -= 1
      return run(...given)
    }
  }
  const { put, mark, delete: remove, claim } = world.store
  const all = { put: write(put), mark: write(mark), delete: write(remove), claim: write(claim) }
  return { ...world.store, ...all }
}

describe.each(modes)('a sign-out whose process is killed (%s)', (mode) => {
  test.each([1, 2])('after write %i has ended the session for everybody', async (writes) => {
    const killed = createKeeper(mode, {}, { store: storeUntilKilled(writes) })
    const works: (() => Promise<void>)[] = []
    const others = createKeeper(mode, {}, { later: (_, work) => void works.push(work) })
    const browser = await signIn(others)
    const session = await others.open(browser.cookies())
    if (!session) throw new Error('it is there')
    void killed.end(session, 'logout')
    // All that a process does with a store in place is done by the next turn.
    await new Promise(setImmediate)

    expect(await others.open(browser.cookies())).toBeUndefined()
    expect(await others.reload(session)).toBeUndefined()
    expect(await others.update(session, { lease: { holder: 'h', until: world.now } })).toBe(false)

    for (const work of works) await work()
    expect(await others.endReason(session)).toBe('logout')
    // Of a sealed one there is no row that could be left.
    if (mode.startsWith('stored')) expect(await world.store.get(session.record.key)).toBeUndefined()
  })

  test('before its first write has ended nothing, and can be done again', async () => {
    const killed = createKeeper(mode, {}, { store: storeUntilKilled(0) })
    const others = createKeeper(mode)
    const browser = await signIn(others)
    const session = await others.open(browser.cookies())
    if (!session) throw new Error('it is there')
    void killed.end(session, 'logout')
    await new Promise(setImmediate)
    expect(await others.open(browser.cookies())).toBeDefined()
    expect(await others.end(session, 'logout')).toBeDefined()
  })
})
