import { describe, expect, onTestFinished, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { createRecord, start } from '../testing/contract-setting.ts'
import { sessionStoreContract } from '../testing/index.ts'
import { sweepFirst } from '../testing/sweep-first.fixture.ts'
import { createMemoryStore } from './memory.ts'

sessionStoreContract({ name: 'memory store', create: createMemoryStore })

sessionStoreContract({
  name: 'memory store that sweeps before each call',
  create: (options) => sweepFirst(createMemoryStore(options)),
})

describe('the sweeper', () => {
  test('removes sessions, tombstones, claims, marks and tasks that are over', () => {
    let now = start
    const store = createMemoryStore({ clock: () => now })
    onTestFinished(() => store.close())
    store.put(createRecord({ key: 'idle' as SessionKey, expiresAt: start + 10 }))
    store.put(createRecord({ key: 'deleted' as SessionKey, absoluteExpiresAt: start + 4000 }))
    store.delete('deleted' as SessionKey)
    store.claim('jti', start + 20)
    store.mark('id', { at: start, expiresAt: start + 20, reason: 'logout' })
    const times = { dueAt: start, expiresAt: start + 20 }
    store.putTask({ id: 'task', ...times, attempts: 0, sealed: '' })
    expect(store.sweep()).toBe(0)
    now = start + 20
    expect(store.sweep()).toBe(4)
    now = start + 3999
    expect(store.sweep()).toBe(0)
    now = start + 4000
    expect(store.sweep()).toBe(1)
    expect(store.sweep()).toBe(0)
  })

  test('refuses a pause that no timer keeps', () => {
    expect(() => createMemoryStore({ sweepEverySeconds: 0 })).toThrow(TypeError)
    expect(() => createMemoryStore({ sweepEverySeconds: 1e9 })).toThrow(TypeError)
  })
})
