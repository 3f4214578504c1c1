import type { Operator } from '@sallyport/bff'
import { createSealer, createSecret, SallyportError, type SealKey, sha256 } from '@sallyport/core'
import { isSessionId, type SessionFilter } from '@sallyport/session'
import type { OperatorCredential } from './operator-options.ts'
import { readQuery } from './read-query.ts'

/** A request that an operator has proved to be its own. */
export interface OperatorRequest {
  readonly method: string
  /** As it came; no escapes are resolved, and no dots. */
  readonly path: string
  readonly query: URLSearchParams
  readonly operator: Operator
  /** By which pages are told from those that somebody made up. */
  readonly credentials: readonly OperatorCredential[]
}

const sessionsPath = '/sessions'
const countPath = '/sessions/count'
const mostOfPage = 200
const usualOfPage = 50

/**
 * Carries out a request: `GET /sessions`, `GET /sessions/count`, `DELETE /sessions`, `DELETE
 * /sessions/{id}`; the filter is in the query.
 *
 * @returns the body of the answer.
 * @throws `ERR_REQUEST_INVALID`, `ERR_ROUTE_NOT_FOUND`, `ERR_METHOD_NOT_ALLOWED`,
 *   `ERR_SESSION_NOT_FOUND`, `ERR_SESSION_STORE_UNAVAILABLE`.
 */
export async function answerOperator(request: OperatorRequest): Promise<unknown> {
  const { method, path, query, operator } = request
  if (!allowedAt(path).includes(method)) {
    const code = allowedAt(path).length > 0 ? 'ERR_METHOD_NOT_ALLOWED' : 'ERR_ROUTE_NOT_FOUND'
    throw new SallyportError(code, 'the API of operators has no such thing')
  }
  if (path === countPath) return operator.count(readQuery(query, []).filter)
  if (path !== sessionsPath) return endSession(request, path.slice(sessionsPath.length + 1))
  return method === 'GET' ? findSessions(request) : endSessions(request)
}

/** Methods that a path takes; none for one that is not there. Paths are compared as they came. */
export function allowedAt(path: string): readonly string[] {
  if (path === sessionsPath) return ['GET', 'DELETE']
  if (path === countPath) return ['GET']
  const id = path.startsWith(`${sessionsPath}/`) ? path.slice(sessionsPath.length + 1) : ''
  return isSessionId(id) ? ['DELETE'] : []
}

async function findSessions({ query, operator, credentials }: OperatorRequest): Promise<unknown> {
  const { filter, rest } = readQuery(query, ['limit', 'cursor'])
  const limit = rest.get('limit') ?? String(usualOfPage)
  if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > mostOfPage) {
    throw invalid(`limit must be a number from 1 to ${mostOfPage}`)
  }
  const cursors = createSealer(cursorKeys(credentials), 'operator-cursor')
  const place = placeOf(filter)
  const cursor = rest.get('cursor')
  const after = cursor === undefined ? undefined : cursors.open(cursor, place)
  if (cursor !== undefined && after === undefined) {
    throw invalid('this cursor is of another query, or was changed')
  }
  const { sessions, next } = await operator.find(filter, { limit: Number(limit), after })
  return { sessions, ...(next !== undefined && { cursor: cursors.seal(next, place) }) }
}

async function endSessions({ query, operator }: OperatorRequest): Promise<unknown> {
  const { filter, rest } = readQuery(query, ['all'])
  const isAll = Object.keys(filter).length === 0
  // A filter that got lost on the way must not sign everybody out.
  if (isAll !== (rest.get('all') === 'true'))
    throw invalid('needs a filter, or all=true in its place')
  return operator.endAll(filter)
}

async function endSession({ query, operator }: OperatorRequest, id: string): Promise<unknown> {
  const { filter } = readQuery(query, [])
  const outcome = await operator.endOne(id, filter)
  if (outcome.sessions > 0 || outcome.hasUncounted) return outcome
  throw new SallyportError('ERR_SESSION_NOT_FOUND', 'no session has this id')
}

/** What a store calls the end of a page may be the key of a session: sealed, it is nothing to anybody. */
function cursorKeys(credentials: readonly OperatorCredential[]): SealKey[] {
  return credentials.map(({ secret }) => {
    const key = sha256(`operator-cursor:${secret.reveal()}`)
    return { kid: sha256(key).slice(0, 16), key: createSecret(key) }
  })
}

function placeOf(filter: SessionFilter): string {
  return JSON.stringify(Object.entries(filter).sort())
}

function invalid(problem: string): SallyportError {
  return new SallyportError('ERR_REQUEST_INVALID', problem)
}
