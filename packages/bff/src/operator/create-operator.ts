import { errorCode, SallyportError, systemClock } from '@sallyport/core'
import {
  isSessionId,
  type SessionFilter,
  type SessionRecord,
  toSessionId,
} from '@sallyport/session'
import { type AuditEvent, createAudit } from '@sallyport/telemetry'
import type { Bff, BffParts } from '../create-bff.ts'
import { findPages, isSession, samePerson } from '../sessions/at-rest.ts'
import { canEndBy, createEndings } from '../sessions/endings.ts'
import { withStoreFailures } from '../sessions/store-failures.ts'
import type { Operator, OperatorCount, OperatorSession } from './operator.ts'

/** What an operator works with. */
export interface OperatorParts extends BffParts {
  /** The BFFs on this store. The tokens of those that are not among them are not revoked. */
  bffs(): readonly Bff[]
  /** Whether there are frontends besides, such as tenants that nobody has asked for. @defaultValue false */
  hasOtherFrontends?: boolean
  /** Who acts, as each audit line names it. */
  actor: { name: string; address?: string | undefined }
}

/** Seconds for which an end is remembered at least; longer than most sessions may live. */
const leastMemory = 30 * 86_400
/** As stores have it. */
const longestPage = 500

/** Creates what one operator looks at sessions and ends them with. */
export function createOperator(parts: OperatorParts): Operator {
  const { bffs, clock = systemClock, hasOtherFrontends = false } = parts
  const store = withStoreFailures(parts.store)
  const audit = createAudit(parts.telemetry.log)
  const actor = { kind: 'operator', ...parts.actor } as const

  function endings() {
    const lifetimes = bffs().map(({ config }) => config.session.absoluteTimeout)
    return createEndings(store, Math.max(leastMemory, ...lifetimes), clock)
  }

  const concerned = ({ frontend }: SessionFilter) =>
    bffs().filter(({ config }) => frontend === undefined || frontend === config.frontend)

  function counted(sessions: number, filter: SessionFilter): OperatorCount {
    const known = concerned(filter)
    const isSealed = known.some(({ config }) => config.session.mode === 'sealed')
    const isUnknown = hasOtherFrontends && (filter.frontend === undefined || known.length === 0)
    return { sessions, hasUncounted: isSealed || isUnknown }
  }

  async function audited<T>(act: Act, work: () => Promise<Worked<T>>): Promise<T> {
    const { event = 'session_revoked', action, id, filter } = act
    const line: Omit<AuditEvent, 'outcome'> = {
      ...{ event, action, actor },
      filter: { ...filter, ...(id !== undefined && { id }) },
    }
    try {
      assertFilter(filter)
      const { value, sessions } = await work()
      audit({ ...line, outcome: 'done', sessions })
      return value
    } catch (error) {
      const code = errorCode(error)
      const outcome = code === 'ERR_REQUEST_INVALID' ? 'refused' : 'failed'
      audit({ ...line, outcome, code })
      throw error
    }
  }

  async function find(id: string, filter: SessionFilter): Promise<SessionRecord | undefined> {
    for await (const page of findPages(store, filter)) {
      const found = page.find(({ key }) => toSessionId(key) === id)
      if (found) return found
    }
    return undefined
  }

  /** Revokes its tokens if a BFF here can read them, and ends it in any case. */
  async function end(record: SessionRecord): Promise<boolean> {
    const id = toSessionId(record.key)
    const owner = concerned(record).find(({ config }) => config.frontend === record.frontend)
    const ended = (await owner?.endReadable(samePerson(record), id)) ?? 0
    return (await store.delete(record.key)) || ended > 0
  }

  return {
    find: (filter, page) =>
      audited({ event: 'authz_admin', action: 'find', filter }, async () => {
        const { limit } = page
        if (!(Number.isSafeInteger(limit) && limit > 0 && limit <= longestPage)) {
          throw invalid(`limit must be a whole number from 1 to ${longestPage}`)
        }
        const { sessions: found, next } = await store.find(filter, page)
        const sessions = found.filter(isSession).map(toOperatorSession)
        return { value: { sessions, ...(next && { next }) }, sessions: sessions.length }
      }),

    count: (filter) =>
      audited({ event: 'authz_admin', action: 'count', filter }, async () => {
        let sessions = 0
        for await (const page of findPages(store, filter)) sessions += page.length
        return { value: counted(sessions, filter), sessions }
      }),

    endAll: (filter) =>
      audited({ action: 'end_all', filter }, async () => {
        if (!canEndBy(filter))
          throw invalid('a frontend goes with a subject and its issuer, or alone')
        await endings().noteAll(filter, 'revoked')
        let sessions = 0
        for (const bff of concerned(filter)) sessions += await bff.endReadable(filter)
        for await (const page of findPages(store, filter)) {
          const ended = await Promise.all(page.map(({ key }) => store.delete(key)))
          sessions += ended.filter(Boolean).length
        }
        // What a list may have missed ends all the same.
        await store.deleteAll(filter)
        return { value: counted(sessions, filter), sessions }
      }),

    endOne: (id, filter = {}) =>
      audited({ action: 'end_one', filter, id }, async () => {
        if (!isSessionId(id)) throw invalid('this is no id of a session')
        await endings().noteSession(id, 'revoked')
        const found = await find(id, filter)
        const sessions = found && (await end(found)) ? 1 : 0
        const value = found ? { sessions, hasUncounted: false } : counted(0, filter)
        return { value, sessions }
      }),
  }
}

interface Act {
  /** @defaultValue 'session_revoked' */
  readonly event?: AuditEvent['event']
  readonly action: string
  readonly filter: SessionFilter
  readonly id?: string
}

interface Worked<T> {
  readonly value: T
  readonly sessions: number
}

function assertFilter({ issuer, subject, sid }: SessionFilter): void {
  if (issuer === undefined && (subject ?? sid) !== undefined) {
    throw invalid('subject and sid need their issuer')
  }
}

function invalid(problem: string): SallyportError {
  return new SallyportError('ERR_REQUEST_INVALID', problem)
}

function toOperatorSession(record: SessionRecord): OperatorSession {
  const { key, frontend, issuer, subject, sid, device, lastSeenAt, authTime } = record
  const { createdAt, expiresAt, absoluteExpiresAt } = record
  return {
    ...{ id: toSessionId(key), frontend, issuer, subject },
    ...(sid !== undefined && { sid }),
    ...(device !== undefined && { device }),
    createdAt,
    ...(lastSeenAt !== undefined && { lastSeenAt }),
    ...(authTime !== undefined && { authTime }),
    ...{ expiresAt, absoluteExpiresAt },
  }
}
