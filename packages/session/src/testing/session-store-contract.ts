import type { Clock, EpochSeconds } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SessionKey, SessionRecord } from '../record.ts'
import type { Awaitable, SessionStore } from '../store.ts'
import { interleavingAgreesWithModel } from './session-store-model.ts'

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

const start: EpochSeconds = 1_800_000_000

/**
 * Registers the tests that every {@link SessionStore} must pass. Needs vitest and fast-check.
 *
 * Not in it, because it takes more than one process: durability and sharing.
 */
export function sessionStoreContract(options: SessionStoreContractOptions): void {
  describe(options.name ?? 'session store', () => {
    let now = start
    let store: SessionStore

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
        const full = createRecord({ lease: { holder: 'worker-1', until: start + 9 } })
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

    describe('put', () => {
      test('creates with version 1 only', async () => {
        expect(await store.put(createRecord({ version: 2 }))).toBe(false)
        expect(await store.get(createRecord().key)).toBeUndefined()
        expect(await store.put(createRecord())).toBe(true)
      })

      test('refuses to create twice', async () => {
        await store.put(createRecord())
        expect(await store.put(createRecord({ sealed: 'second' }))).toBe(false)
        expect(await store.get(createRecord().key)).toStrictEqual(createRecord())
      })

      test.each([1, 2, 4, 5, 300])('on version 2 refuses version %i', async (version) => {
        await store.put(createRecord())
        await store.put(createRecord({ version: 2 }))
        expect(await store.put(createRecord({ version, sealed: 'late' }))).toBe(false)
        expect(await store.get(createRecord().key)).toStrictEqual(createRecord({ version: 2 }))
        expect(await store.put(createRecord({ version: 3 }))).toBe(true)
      })

      test('lets one of 50 parallel creators win', async () => {
        const attempts = Array.from({ length: 50 }, (_, index) =>
          createRecord({ sealed: `writer-${index}` }),
        )
        const won = await Promise.all(attempts.map((attempt) => store.put(attempt)))
        expect(won.filter(Boolean)).toHaveLength(1)
        expect(await store.get(createRecord().key)).toStrictEqual(attempts[won.indexOf(true)])
      })

      test('lets one of 50 parallel writers of a version win, version after version', async () => {
        await store.put(createRecord())
        for (const version of [2, 3, 4]) {
          const attempts = Array.from({ length: 50 }, (_, index) =>
            createRecord({ version, sealed: `writer-${index}` }),
          )
          const won = await Promise.all(attempts.map((attempt) => store.put(attempt)))
          expect(won.filter(Boolean)).toHaveLength(1)
          expect(await store.get(createRecord().key)).toStrictEqual(attempts[won.indexOf(true)])
        }
      })

      test('refuses the next version of a session that has expired', async () => {
        await store.put(createRecord({ expiresAt: start + 10 }))
        now = start + 10
        expect(await store.put(createRecord({ version: 2 }))).toBe(false)
        expect(await store.get(createRecord().key)).toBeUndefined()
      })

      test('takes an expired session for nothing: its key can be used anew', async () => {
        await store.put(createRecord({ expiresAt: start + 10 }))
        now = start + 10
        const anew = createRecord({ sid: 'sid-2', subject: 'somebody else' })
        expect(await store.put(anew)).toBe(true)
        expect(await store.get(anew.key)).toStrictEqual(anew)
        const { issuer, subject, sid } = createRecord()
        expect(await store.deleteAll({ issuer, subject })).toBe(0)
        expect(await store.deleteAll({ issuer, sid: sid as string })).toBe(0)
        expect(await store.deleteAll({ issuer, sid: 'sid-2' })).toBe(1)
      })

      test.each([
        ['no key', { key: toKey('') }],
        ['a key of 257 characters', { key: toKey('k'.repeat(257)) }],
        ['version 0', { version: 0 }],
        ['half a version', { version: 1.5 }],
        ['an end that is no number', { expiresAt: Number.NaN }],
        ['an end after its absolute end', { absoluteExpiresAt: start, expiresAt: start + 1 }],
        ['a subject that is no text', { subject: 7 as unknown as string }],
        ['a field no record has', { token: 'x' } as object],
      ])('throws a TypeError for a record with %s', async (_, change) => {
        const attempt = async () => await store.put(createRecord(change))
        await expect(attempt()).rejects.toThrow(TypeError)
      })
    })

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

    describe('deleteAll', () => {
      const issuer = 'https://issuer.example'
      const other = 'https://other.example'

      async function fill() {
        const records = [
          createRecord({ key: toKey('a1'), subject: 'alice', sid: '1', frontend: 'shop' }),
          createRecord({ key: toKey('a1-admin'), subject: 'alice', sid: '1', frontend: 'admin' }),
          createRecord({ key: toKey('a2'), subject: 'alice', sid: '2' }),
          createRecord({ key: toKey('b3'), subject: 'bob', sid: '3' }),
          createRecord({ key: toKey('other-a1'), subject: 'alice', sid: '1', issuer: other }),
        ]
        const { sid, ...withoutSid } = createRecord({ key: toKey('a-none'), subject: 'alice' })
        for (const record of [...records, withoutSid]) await store.put(record)
      }

      async function left() {
        const keys = ['a1', 'a1-admin', 'a2', 'b3', 'other-a1', 'a-none']
        const found = await Promise.all(keys.map((key) => store.get(toKey(key))))
        return keys.filter((_, index) => found[index])
      }

      test('by sid ends one sign-in in each frontend, at that issuer only', async () => {
        await fill()
        expect(await store.deleteAll({ issuer, sid: '1' })).toBe(2)
        expect(await left()).toEqual(['a2', 'b3', 'other-a1', 'a-none'])
      })

      test('by subject ends all of them, at that issuer only', async () => {
        await fill()
        expect(await store.deleteAll({ issuer, subject: 'alice' })).toBe(4)
        expect(await left()).toEqual(['b3', 'other-a1'])
      })

      test('does not take a sid for a subject, nor match parts of a name', async () => {
        await fill()
        const filters = [
          { issuer, sid: 'alice' },
          { issuer, subject: '1' },
          { issuer, subject: 'ali' },
          { issuer, subject: '' },
          { issuer: `${issuer}/`, subject: 'alice' },
          { issuer: 'https://issuer', sid: '.example1' },
        ]
        for (const filter of filters) expect(await store.deleteAll(filter)).toBe(0)
        expect(await left()).toHaveLength(6)
      })

      test('counts neither expired nor deleted sessions, and wins over writes', async () => {
        await fill()
        await store.put(createRecord({ key: toKey('old'), subject: 'alice', expiresAt: start + 1 }))
        await store.delete(toKey('a2'))
        now = start + 1
        expect(await store.deleteAll({ issuer, subject: 'alice' })).toBe(3)
        expect(await store.deleteAll({ issuer, subject: 'alice' })).toBe(0)
        const late = createRecord({ key: toKey('a1'), subject: 'alice', sid: '1', version: 2 })
        expect(await store.put(late)).toBe(false)
      })

      test('finds a session by what its latest version says', async () => {
        await store.put(createRecord({ subject: 'alice', sid: '1' }))
        await store.put(createRecord({ subject: 'alice', sid: '2', version: 2 }))
        expect(await store.deleteAll({ issuer, sid: '1' })).toBe(0)
        expect(await store.deleteAll({ issuer, sid: '2' })).toBe(1)
      })

      test('deletes more than a thousand', async () => {
        const records = Array.from({ length: 1100 }, (_, index) =>
          createRecord({ key: toKey(`bulk-${index}`), subject: 'robot', sid: `${index}` }),
        )
        await Promise.all(records.map((record) => store.put(record)))
        expect(await store.deleteAll({ issuer, subject: 'robot' })).toBe(1100)
        expect(await store.get(toKey('bulk-0'))).toBeUndefined()
        expect(await store.get(toKey('bulk-1099'))).toBeUndefined()
      })
    })

    describe('claim', () => {
      test('gives true once, until the second it ends', async () => {
        expect(await store.claim('jti-1', start + 10)).toBe(true)
        expect(await store.claim('jti-1', start + 10)).toBe(false)
        now = start + 9
        expect(await store.claim('jti-1', start + 100)).toBe(false)
        now = start + 10
        expect(await store.claim('jti-1', start + 20)).toBe(true)
        expect(await store.claim('jti-1', start + 20)).toBe(false)
      })

      test('gives true to one of 50 parallel callers', async () => {
        const callers = Array.from({ length: 50 }, (_, index) =>
          store.claim('state:x', start + 10 + index),
        )
        expect((await Promise.all(callers)).filter(Boolean)).toHaveLength(1)
      })

      test('refuses a claim that would be over at once', async () => {
        expect(await store.claim('late', start)).toBe(false)
        expect(await store.claim('later', start - 1)).toBe(false)
      })

      test.each(['', '__proto__', 'ключ 🦆 \0', 'x'.repeat(5000)])(
        'takes any id: %j',
        async (id) => {
          expect(await store.claim(id, start + 10)).toBe(true)
          expect(await store.claim(`${id}x`, start + 10)).toBe(true)
          expect(await store.claim(id, start + 10)).toBe(false)
        },
      )

      test('has nothing to do with sessions of the same name', async () => {
        const record = createRecord()
        await store.put(record)
        expect(await store.claim(record.key, start + 10)).toBe(true)
        expect(await store.get(record.key)).toStrictEqual(record)
        await store.delete(record.key)
        expect(await store.claim(record.key, start + 10)).toBe(false)
      })
    })

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
        () => store.claim('id', start + 10),
      ]
      for (const call of calls) {
        const failure = (async () => await call())()
        await expect(failure).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' })
      }
    })
  })
}

function toKey(text: string): SessionKey {
  return text as SessionKey
}

function createRecord(change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    key: toKey('bXlzZXNzaW9u'),
    version: 1,
    frontend: 'shop',
    issuer: 'https://issuer.example',
    subject: 'alice',
    sid: 'sid-1',
    createdAt: start,
    absoluteExpiresAt: start + 36_000,
    expiresAt: start + 3600,
    sealed: 'k1.c2VhbGVk',
    ...change,
  }
}
