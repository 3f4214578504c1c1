import type { Operator } from '@sallyport/bff'
import { createSealer, createSecret, SallyportError, type SealKey, sha256 } from '@sallyport/core'
import type { SessionFilter } from '@sallyport/session'
import type { OperatorCredential } from './operator-options.ts'
import { readQuery } from './read-query.ts'

/** A request that an operator has proved to be its own. */
export interface OperatorRequest {
  readonly method: string
  readonly url: URL
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
export function answerOperator(request: OperatorRequest): Promise<unknown> {
  const { method, url, operator } = request
  const { pathname, searchParams } = url
  if (pathname === sessionsPath && method === 'GET') return findSessions(request)
  if (pathname === countPath && method === 'GET') {
    return operator.count(readQuery(searchParams, []).filter)
  }
  if (pathname === sessionsPath && method === 'DELETE') return endSessions(request)
  const [, id] = /^\/sessions\/([\w-]{43})$/.exec(pathname) ?? []
  if (id !== undefined && method === 'DELETE') return endSession(request, id)
  const isThere = id !== undefined || pathname === sessionsPath || pathname === countPath
  const code = isThere ? 'ERR_METHOD_NOT_ALLOWED' : 'ERR_ROUTE_NOT_FOUND'
  throw new SallyportError(code, 'the operator’s API has no such thing')
}

async function findSessions({ url, operator, credentials }: OperatorRequest): Promise<unknown> {
  const { filter, rest } = readQuery(url.searchParams, ['limit', 'cursor'])
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

async function endSessions({ url, operator }: OperatorRequest): Promise<unknown> {
  const { filter, rest } = readQuery(url.searchParams, ['all'])
  const isAll = Object.keys(filter).length === 0
  // A filter that got lost on the way must not sign everybody out.
  if (isAll !== (rest.get('all') === 'true'))
    throw invalid('needs a filter, or all=true in its place')
  return operator.endAll(filter)
}

async function endSession({ url, operator }: OperatorRequest, id: string): Promise<unknown> {
  const { filter } = readQuery(url.searchParams, [])
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
