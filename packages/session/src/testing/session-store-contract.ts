import type { Clock } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Awaitable, SessionStore } from '../store.ts'
import { claimContract } from './claim-contract.ts'
import { type ContractSetting, createRecord, start, toKey } from './contract-setting.ts'
import { deleteAllContract } from './delete-all-contract.ts'
import { findContract } from './find-contract.ts'
import { markContract } from './mark-contract.ts'
import { putContract } from './put-contract.ts'
import { interleavingAgreesWithModel } from './session-store-model.ts'
import { taskContract } from './task-contract.ts'

/** What the suite needs to know of a store. */
export interface SessionStoreContractOptions {
  /** @defaultValue 'session store' */
  name?: string
  /**
   * Makes a store that is empty and reads the time from `clock`. The suite closes it; anything
   * else to clean up goes into vitest's `onTestFinished`.
   */
  create(context: { clock: Clock }): Awaitable<SessionStore>
}

/**
 * Registers the tests that every {@link SessionStore} must pass. Needs vitest and fast-check.
 *
 * Not in it, because it takes more than one process: durability and sharing.
 */
export function sessionStoreContract(options: SessionStoreContractOptions): void {
  describe(options.name ?? 'session store', () => {
    let now = start
    let store: SessionStore
    const setting: ContractSetting = {
      store: () => store,
      setTime: (second) => {
        now = second
      },
    }

    beforeEach(async () => {
      now = start
      store = await options.create({ clock: () => now })
    })

    afterEach(async () => {
      await store.close()
    })

    describe('get', () => {
      test('gives undefined for an unknown session', async () => {
        expect(await store.get(toKey('unknown'))).toBeUndefined()
      })

      test.each(['', '__proto__', 'constructor', 'toString', 'x'.repeat(5000), '\0', '🦆'])(
        'gives undefined for the unknown key %j',
        async (key) => {
          expect(await store.get(toKey(key))).toBeUndefined()
          expect(await store.delete(toKey(key))).toBe(false)
        },
      )

      test('gives back exactly what was put, with and without the optional fields', async () => {
        const { sid, ...bare } = createRecord({ key: toKey('bare') })
        const full = createRecord({
          lease: { holder: 'worker-1', until: start + 9 },
          lastSeenAt: start + 1,
          authTime: start - 60,
          device: 'Firefox',
        })
        expect(await store.put(bare)).toBe(true)
        expect(await store.put(full)).toBe(true)
        expect(await store.get(bare.key)).toStrictEqual(bare)
        expect(await store.get(full.key)).toStrictEqual(full)
      })

      test('drops an optional field that the next version does not have', async () => {
        await store.put(createRecord({ lease: { holder: 'a', until: start + 9 } }))
        await store.put(createRecord({ version: 2 }))
        expect(await store.get(createRecord().key)).toStrictEqual(createRecord({ version: 2 }))
      })

      test('forgets a session in the second it expires', async () => {
        const record = createRecord({ expiresAt: start + 10 })
        await store.put(record)
        now = start + 9
        expect(await store.get(record.key)).toStrictEqual(record)
        now = start + 10
        expect(await store.get(record.key)).toBeUndefined()
      })

      test('lives as long as its latest version says, longer or shorter', async () => {
        const long = createRecord({ key: toKey('long'), expiresAt: start + 10 })
        const short = createRecord({ key: toKey('short'), expiresAt: start + 100 })
        await store.put(long)
        await store.put(short)
        await store.put({ ...long, version: 2, expiresAt: start + 100 })
        await store.put({ ...short, version: 2, expiresAt: start + 10 })
        now = start + 99
        expect((await store.get(long.key))?.version).toBe(2)
        now = start + 10
        expect(await store.get(short.key)).toBeUndefined()
      })

      test('is not changed by what happens to an object given or received', async () => {
        const record = createRecord({ lease: { holder: 'a', until: start + 9 } })
        const given = structuredClone(record)
        await store.put(given)
        Object.assign(given, { sealed: 'changed' })
        Object.assign(given.lease as object, { holder: 'changed' })
        const received = await store.get(record.key)
        try {
          Object.assign(received as object, { sealed: 'changed' })
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError)
        }
        expect(await store.get(record.key)).toStrictEqual(record)
      })

      test.each([
        ['Unicode', 'Zoë 🦆 \u0000 \ud800 line\u2028end "quoted"'],
        ['names from prototypes', '__proto__'],
        ['8 KiB', 'x'.repeat(8192)],
        ['a megabyte of wide characters', 'ü'.repeat(500_000)],
      ])('keeps %s in its texts', async (_, text) => {
        const record = createRecord({ subject: text, sid: text, sealed: text, frontend: text })
        expect(await store.put(record)).toBe(true)
        expect(await store.get(record.key)).toStrictEqual(record)
        expect(await store.deleteAll({ issuer: record.issuer, subject: text })).toBe(1)
      })

      test.each(['__proto__', 'constructor', 'hasOwnProperty', 'ключ-🦆', 'a:b', 'a\0b'])(
        'keeps a session under the key %j',
        async (name) => {
          const record = createRecord({ key: toKey(name) })
          expect(await store.put(record)).toBe(true)
          expect(await store.get(record.key)).toStrictEqual(record)
          expect(await store.get(toKey(`${name}x`))).toBeUndefined()
          expect(await store.delete(record.key)).toBe(true)
          expect(await store.get(record.key)).toBeUndefined()
        },
      )

      test('tells many sessions apart', async () => {
        const records = Array.from({ length: 500 }, (_, index) =>
          createRecord({ key: toKey(`many-${index}`), subject: `s-${index}`, sid: `${index}` }),
        )
        const written = await Promise.all(records.map((record) => store.put(record)))
        expect(written.every(Boolean)).toBe(true)
        for (const record of records) {
          expect(await store.get(record.key)).toStrictEqual(record)
        }
      })
    })

    putContract(setting)

    describe('delete', () => {
      test('ends a session and says whether there was one', async () => {
        await store.put(createRecord())
        expect(await store.delete(createRecord().key)).toBe(true)
        expect(await store.get(createRecord().key)).toBeUndefined()
        expect(await store.delete(createRecord().key)).toBe(false)
      })

      test('counts an expired session as none', async () => {
        await store.put(createRecord({ expiresAt: start + 10 }))
        now = start + 10
        expect(await store.delete(createRecord().key)).toBe(false)
      })

      test('wins over a write that was under way', async () => {
        await store.put(createRecord())
        await store.delete(createRecord().key)
        for (const version of [1, 2, 3]) {
          expect(await store.put(createRecord({ version }))).toBe(false)
        }
        expect(await store.get(createRecord().key)).toBeUndefined()
      })

      test('keeps its tombstone until the absolute end, past the idle one', async () => {
        const record = createRecord({ expiresAt: start + 10, absoluteExpiresAt: start + 1000 })
        await store.put(record)
        await store.delete(record.key)
        now = start + 999
        expect(await store.put(createRecord())).toBe(false)
        now = start + 1000
        expect(await store.put(createRecord({ absoluteExpiresAt: start + 5000 }))).toBe(true)
      })

      test('wins against 50 parallel writers, whoever comes first', async () => {
        await store.put(createRecord())
        const next = createRecord({ version: 2 })
        const writers = Array.from({ length: 50 }, () => store.put(next))
        const deleted = store.delete(next.key)
        await Promise.all(writers)
        expect(await deleted).toBe(true)
        expect(await store.get(next.key)).toBeUndefined()
        expect(await store.put(createRecord({ version: 3 }))).toBe(false)
      })

      test('is told to one of 50 parallel callers', async () => {
        await store.put(createRecord())
        const callers = Array.from({ length: 50 }, () => store.delete(createRecord().key))
        expect((await Promise.all(callers)).filter(Boolean)).toHaveLength(1)
      })
    })

    deleteAllContract(setting)
    findContract(setting)
    claimContract(setting)
    markContract(setting)
    taskContract(setting)

    test('any interleaving agrees with a simple model', async () => {
      await interleavingAgreesWithModel(store, {
        now: () => now,
        advance: (seconds) => {
          now += seconds
        },
      })
    })

    test('closes twice without harm, and is of no use afterwards', async () => {
      await store.put(createRecord())
      await store.close()
      await store.close()
      const { key, issuer, subject } = createRecord()
      const calls: Array<() => Awaitable<unknown>> = [
        () => store.get(key),
        () => store.put(createRecord({ version: 2 })),
        () => store.delete(key),
        () => store.deleteAll({ issuer, subject }),
        () => store.find({ issuer }, { limit: 1 }),
        () => store.claim('id', start + 10),
        () => store.mark('id', { at: start, expiresAt: start + 10, reason: 'logout' }),
        () => store.marks(['id']),
        () => store.removeTask('id'),
        () => store.takeTasks({ limit: 1, leaseTime: 1 }),
      ]
      for (const call of calls) {
        const failure = (async () => await call())()
        await expect(failure).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' })
      }
    })
  })
}
