import { type EpochSeconds, randomToken } from '@sallyport/core'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { SessionKey, SessionRecord } from '../record.ts'
import { matchesFilter, type SessionFilter } from '../session-filter.ts'
import type { SessionStore } from '../store.ts'

interface ModelEntry {
  record: SessionRecord
  deleted: boolean
}

interface Setting {
  now(): EpochSeconds
  advance(seconds: number): void
}

type Step =
  | { type: 'put'; name: string; ahead: number; subject: string; sid: string; life: number }
  | { type: 'delete'; name: string }
  | { type: 'deleteAll'; issuer: string; by: Omit<SessionFilter, 'issuer'> }
  | { type: 'wait'; seconds: number }

const names = ['a', 'b', '__proto__']
const issuers = ['https://one.example', 'https://two.example']
const people = ['x', 'y']
const frontends = ['shop', 'admin']

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('put'),
      name: fc.constantFrom(...names),
      // How far ahead of what is stored: 1 is the version that fits.
      ahead: fc.constantFrom(1, 1, 1, 1, 0, 2),
      subject: fc.constantFrom(...people),
      sid: fc.constantFrom('', ...people),
      life: fc.integer({ min: 0, max: 20 }),
    }) as fc.Arbitrary<Step>,
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('delete'), name: fc.constantFrom(...names) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('deleteAll'),
      issuer: fc.constantFrom(...issuers),
      by: fc.record(
        {
          sid: fc.constantFrom(...people),
          subject: fc.constantFrom(...people),
          frontend: fc.constantFrom(...frontends),
        },
        { requiredKeys: [] },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('wait'), seconds: fc.integer({ min: 1, max: 15 }) }),
  },
)

/**
 * Runs random steps against a store and against a model written down from the contract's words,
 * and compares every answer, and after each step every session.
 */
export async function interleavingAgreesWithModel(
  store: SessionStore,
  setting: Setting,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const run = randomToken()
      const model = new Map<string, ModelEntry>()
      for (const next of steps) {
        expect(await applyToStore(store, { step: next, run, setting, model })).toEqual(
          applyToModel(model, { step: next, run, setting }),
        )
        for (const name of names) {
          const entry = model.get(name)
          const expected = entry && isLive(entry, setting.now()) ? entry.record : undefined
          expect(await store.get(toKey(run, name))).toEqual(expected)
        }
      }
    }),
    { numRuns: 60 },
  )
}

interface Context {
  step: Step
  run: string
  setting: Setting
}

async function applyToStore(
  store: SessionStore,
  { step, run, setting, model }: Context & { model: Map<string, ModelEntry> },
): Promise<unknown> {
  if (step.type === 'put') return store.put(toRecord(model, { step, run, setting }))
  if (step.type === 'delete') return store.delete(toKey(run, step.name))
  if (step.type === 'deleteAll') return store.deleteAll(toFilter(step, run))
  return undefined
}

function applyToModel(model: Map<string, ModelEntry>, context: Context): unknown {
  const { step, run, setting } = context
  const now = setting.now()
  if (step.type === 'wait') return setting.advance(step.seconds)
  if (step.type === 'put') {
    const record = toRecord(model, { step, run, setting })
    const entry = current(model, step.name, now)
    const fits = entry
      ? !entry.deleted && record.version === entry.record.version + 1
      : record.version === 1
    if (fits) model.set(step.name, { record, deleted: false })
    return fits
  }
  const filter = step.type === 'deleteAll' ? toFilter(step, run) : undefined
  const doomed = [...model].filter(
    ([name, entry]) =>
      isLive(entry, now) &&
      (filter ? matchesFilter(entry.record, filter) : name === (step as { name: string }).name),
  )
  for (const [, entry] of doomed) entry.deleted = true
  return filter ? doomed.length : doomed.length === 1
}

/** What counts as stored: a session until it expires, a tombstone until the absolute end. */
function current(
  model: Map<string, ModelEntry>,
  name: string,
  now: EpochSeconds,
): ModelEntry | undefined {
  const entry = model.get(name)
  if (!entry) return undefined
  const end = entry.deleted ? entry.record.absoluteExpiresAt : entry.record.expiresAt
  return now < end ? entry : undefined
}

function isLive(entry: ModelEntry, now: EpochSeconds): boolean {
  return !entry.deleted && now < entry.record.expiresAt
}

function toRecord(model: Map<string, ModelEntry>, context: Context): SessionRecord {
  const { step, run, setting } = context
  if (step.type !== 'put') throw new TypeError('only a put has a record')
  const now = setting.now()
  const version = (model.get(step.name)?.record.version ?? 0) + step.ahead
  const reborn = current(model, step.name, now) ? version : step.ahead
  return {
    key: toKey(run, step.name),
    version: Math.max(1, reborn),
    frontend: frontends[step.ahead % 2] as string,
    issuer: `${issuers[step.life % 2]}/${run}`,
    subject: step.subject,
    ...(step.sid && { sid: step.sid }),
    createdAt: now,
    absoluteExpiresAt: now + step.life * 2,
    expiresAt: now + step.life,
    sealed: `k1.${step.life}`,
  }
}

function toFilter(step: Step & { type: 'deleteAll' }, run: string): SessionFilter {
  return { issuer: `${step.issuer}/${run}`, ...step.by }
}

function toKey(run: string, name: string): SessionKey {
  return `${run}${name}` as SessionKey
}
