import { SallyportError } from '@sallyport/core'
import type { Awaitable } from '@sallyport/session'
import { chain } from './awaitable.ts'
import type { BffContext, BffRequest } from './context.ts'
import type { Session } from './sessions/session.ts'

/**
 * The session of a request.
 *
 * @throws `ERR_LOGIN_REQUIRED` when there is none: no cookie, two different ones (one of them was
 *   planted), or one that opens nothing.
 */
export function requireSession(request: BffRequest, context: BffContext): Awaitable<Session> {
  return chain(context.sessions.open(request.cookies), (session) => {
    if (!session) throw new SallyportError('ERR_LOGIN_REQUIRED', 'no live session')
    return session
  })
}
