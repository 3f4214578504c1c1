import { errorCode, SallyportError } from '@sallyport/core'
import type { BffContext, BffRequest } from '../context.ts'
import type { ReadDecision, RespondDecision } from '../decision.ts'
import { respondTokenError } from '../native/oauth-errors.ts'
import { readForm } from '../native/read-form.ts'
import { respondEmpty, respondError } from '../respond.ts'
import { endSession } from './logout.ts'

/**
 * `POST /bff/native/revoke`: an app ends its session, and with it what the issuer granted. It needs
 * no proof: who has found a session's token may do nothing but end it. Of a token that opens
 * nothing the answer is 200 as well.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7009.html#section-2 RFC 7009, section 2}
 */
export function nativeRevoke(
  request: BffRequest,
  context: BffContext,
): ReadDecision | RespondDecision {
  const { native, log } = context
  if (!native) throw new SallyportError('ERR_ROUTE_NOT_FOUND', 'there are no native apps')
  const { sessions } = native
  return readForm(request, async (form) => {
    const sessionToken = form.get('token')
    if (!sessionToken) return respondTokenError('invalid_request')
    try {
      const session = await native.open(sessionToken)
      if (!session) return respondEmpty()
      const isOwn = session.content.native?.clientId === form.get('client_id')
      if (!isOwn) return respondTokenError('invalid_client')
      await endSession(session, { ...context, sessions }, 'logout')
      return respondEmpty()
    } catch (error) {
      log.warn({ error }, "an app's session is not ended")
      return respondError(request, errorCode(error))
    }
  })
}
