import { SallyportError, uniqueCookie } from '@sallyport/core'
import type { Awaitable } from '@sallyport/session'
import { chain } from './awaitable.ts'
import type { BffContext, BffRequest } from './context.ts'
import { sessionCookieName } from './cookies.ts'
import type { Session } from './sessions/session.ts'

/**
 * The session of a request.
 *
 * @throws `ERR_LOGIN_REQUIRED` when there is none: no cookie, two different ones (one of them was
 *   planted), or one that opens nothing.
 */
export function requireSession(request: BffRequest, context: BffContext): Awaitable<Session> {
  const { value, ambiguous } = uniqueCookie(request.cookies, sessionCookieName)
  if (ambiguous) context.log.warn({ event: 'session_cookie_ambiguous' }, 'two session cookies')
  if (value === undefined) throw missing()
  return chain(context.sessions.open(value), (session) => {
    if (!session) throw missing()
    return session
  })
}

/** The session of a request, if there is one. */
export function presentSession(
  request: BffRequest,
  context: BffContext,
): Awaitable<Session | undefined> {
  const { value } = uniqueCookie(request.cookies, sessionCookieName)
  return value === undefined ? undefined : context.sessions.open(value)
}

function missing(): SallyportError {
  return new SallyportError('ERR_LOGIN_REQUIRED', 'no live session')
}
