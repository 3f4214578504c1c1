import { type ErrorCode, errorCode } from '@sallyport/core'
import {
  featurePaths,
  type OtherSessionsResponse,
  type OwnSession,
  type OwnSessionsResponse,
} from '@sallyport/core/contract'
import { type SessionRecord, toSessionId } from '@sallyport/session'
import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision } from '../decision.ts'
import { endWithTokens } from '../logout/end-with-tokens.ts'
import { requireSession } from '../require-session.ts'
import { respondEmpty, respondError, respondJson } from '../respond.ts'
import { samePerson } from '../sessions/at-rest.ts'
import type { Session } from '../sessions/session.ts'
import { logoutByScript } from './logout.ts'

/** Sessions in one answer; whoever has more of them wants to end them all. */
const longestList = 100
/** Records that are looked at for one answer. */
const mostLookedAt = 10_000

/**
 * `GET /bff/sessions`: the person's own live sessions at this frontend, the latest first, 100 at
 * most; the one that asks is always among them. Asking is no activity. Nothing in the answer opens
 * a session.
 *
 * 404 (`ERR_SESSIONS_NOT_LISTED`) when sessions live in browsers.
 */
export async function listOwnSessions(
  request: BffRequest,
  context: BffContext,
): Promise<RespondDecision> {
  const { record: current, setCookies } = await requireSession(request, context)
  const { atRest } = context.sessions
  if (!atRest) return respondError(request, 'ERR_SESSIONS_NOT_LISTED', { setCookies })
  let others: SessionRecord[] = []
  let lookedAt = 0
  for await (const page of atRest.pages(samePerson(current))) {
    others = latest([...others, ...page.filter(({ key }) => key !== current.key)])
    lookedAt += page.length
    if (lookedAt >= mostLookedAt) break
  }
  const all = [current, ...others].sort(byAge)
  const body: OwnSessionsResponse = all.map((record) => toOwnSession(record, current))
  return respondJson(body, { setCookies })
}

function latest(records: SessionRecord[]): SessionRecord[] {
  return records.sort(byAge).slice(0, longestList - 1)
}

function byAge(one: SessionRecord, other: SessionRecord): number {
  return other.createdAt - one.createdAt
}

function toOwnSession(record: SessionRecord, current: SessionRecord): OwnSession {
  const { key, createdAt, expiresAt, device, lastSeenAt, authTime } = record
  return {
    ...{ id: toSessionId(key), isCurrent: key === current.key },
    ...(device !== undefined && { device }),
    ...{ createdAt, ...(lastSeenAt !== undefined && { lastSeenAt }) },
    ...(authTime !== undefined && { authTime }),
    expiresAt,
  }
}

/**
 * `DELETE /bff/sessions/{id}`: ends one of the person's own sessions at this frontend, and revokes
 * its tokens. The one that asks is signed out, as by `POST /bff/logout`, and answered like that.
 *
 * 404 (`ERR_SESSION_NOT_FOUND`) for any other id: whether it is somebody else's session is not
 * looked at. 404 (`ERR_SESSIONS_NOT_LISTED`) when sessions live in browsers.
 */
export function endOwnSession(request: BffRequest, context: BffContext): Promise<RespondDecision> {
  const id = request.url.path.slice(featurePaths.sessions.length + 1)
  return carryOut({ action: 'end_own', id }, { request, context }, async (session) => {
    const { record: current, setCookies } = session
    if (id === toSessionId(current.key)) {
      return { answer: await logoutByScript(request, context), sessions: 1 }
    }
    const refuse = (code: ErrorCode): Outcome => {
      return { answer: respondError(request, code, { setCookies }), code }
    }
    if (!context.sessions.atRest) return refuse('ERR_SESSIONS_NOT_LISTED')
    const found = await findOwn(id, current, context)
    if (!found || !(await endFound(found, context))) return refuse('ERR_SESSION_NOT_FOUND')
    return { answer: respondEmpty(200, { setCookies }), sessions: 1 }
  })
}

async function findOwn(
  id: string,
  current: SessionRecord,
  { sessions }: BffContext,
): Promise<SessionRecord | undefined> {
  for await (const page of sessions.atRest?.pages(samePerson(current)) ?? []) {
    const found = page.find(({ key }) => toSessionId(key) === id)
    if (found) return found
  }
  return undefined
}

/** One that cannot be opened ends as well; its tokens are known to nobody then. */
async function endFound(record: SessionRecord, context: BffContext): Promise<boolean> {
  const { atRest } = context.sessions
  const session = atRest?.open(record)
  if (session) return endWithTokens(session, { reason: 'revoked', isPrompt: true }, context)
  return (await atRest?.end(record, 'revoked')) ?? false
}

/**
 * `DELETE /bff/sessions`: ends all other sessions of the person at this frontend, also those whose
 * sign-in is under way, and revokes the tokens of those in the store.
 */
export function endOtherSessions(
  request: BffRequest,
  context: BffContext,
): Promise<RespondDecision> {
  return carryOut({ action: 'end_others' }, { request, context }, async (session) => {
    const ended = await context.massLogout.others(session)
    const body: OtherSessionsResponse = ended === undefined ? {} : { ended }
    return { answer: respondJson(body, { setCookies: session.setCookies }), sessions: ended }
  })
}

interface Outcome {
  readonly answer: RespondDecision
  readonly sessions?: number | undefined
  /** Why nothing was done. */
  readonly code?: ErrorCode
}

/** Does what a person wants done to sessions of theirs, and writes down that they did. */
async function carryOut(
  { action, id }: { action: string; id?: string },
  { request, context }: { request: BffRequest; context: BffContext },
  work: (session: Session) => Promise<Outcome>,
): Promise<RespondDecision> {
  const session = await requireSession(request, context)
  const { record } = session
  const act = {
    ...({ event: 'session_revoked', action } as const),
    actor: { kind: 'account', name: record.subject, address: request.remoteAddress },
    filter: { ...samePerson(record), ...(id !== undefined && { id }) },
  } as const
  try {
    const { answer, sessions, code } = await work(session)
    context.audit({ ...act, outcome: code ? 'refused' : 'done', sessions, code })
    return answer
  } catch (error) {
    context.audit({ ...act, outcome: 'failed', code: errorCode(error) })
    throw error
  }
}
