import { describe, expect, onTestFinished, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { createRecord, start } from '../testing/contract-setting.ts'
import { sessionStoreContract } from '../testing/index.ts'
import { createMemoryStore } from './memory.ts'

sessionStoreContract({ name: 'memory store', create: createMemoryStore })

sessionStoreContract({
  name: 'memory store that sweeps before each call',
  create: (options) => {
    const store = createMemoryStore(options)
    const sweptFirst =
      <A extends unknown[], R>(method: (...args: A) => R) =>
      (...args: A) => {
        store.sweep()
        return method(...args)
      }
    return {
      get: sweptFirst(store.get),
      put: sweptFirst(store.put),
      delete: sweptFirst(store.delete),
      deleteAll: sweptFirst(store.deleteAll),
      claim: sweptFirst(store.claim),
      close: store.close,
    }
  },
})

describe('the sweeper', () => {
  test('removes sessions, tombstones and claims that are over', () => {
    let now = start
    const store = createMemoryStore({ clock: () => now })
    onTestFinished(() => store.close())
    store.put(createRecord({ key: 'idle' as SessionKey, expiresAt: start + 10 }))
    store.put(createRecord({ key: 'deleted' as SessionKey, absoluteExpiresAt: start + 4000 }))
    store.delete('deleted' as SessionKey)
    store.claim('jti', start + 20)
    expect(store.sweep()).toBe(0)
    now = start + 20
    expect(store.sweep()).toBe(2)
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
