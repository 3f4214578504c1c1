import { errorCode } from '@sallyport/core'
import type { SessionFilter } from '@sallyport/session'
import type { BffContext, BffRequest } from '../context.ts'
import type { ReadDecision, RespondDecision } from '../decision.ts'
import { headerValues } from '../headers.ts'
import type { LogoutOrder } from '../logout-token.ts'
import { respondEmpty, respondError } from '../respond.ts'

const longestBody = 16_384
const formType = /^application\/x-www-form-urlencoded(?: *;.*)?$/i
/** Longer than a logout token can be believed. */
const memory = 600

/**
 * `POST /bff/backchannel`: the issuer ends sessions here, server to server. It needs no cookie and
 * no header of ours; the logout token's signature is the proof.
 *
 * 200 once the sessions are gone, also when there were none; 400 for a token that cannot be
 * believed; 503 while store or issuer keys cannot be had, so that the issuer delivers again.
 *
 * @see {@link https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest Back-Channel Logout 1.0, section 2.5}
 */
export function backchannel(
  request: BffRequest,
  context: BffContext,
): ReadDecision | RespondDecision {
  const types = headerValues(request.headers, 'content-type')
  if (types.length !== 1 || !formType.test(types[0] as string)) {
    return respondError(request, 'ERR_LOGOUT_TOKEN_INVALID')
  }
  return {
    kind: 'read',
    limit: longestBody,
    async decide(body) {
      try {
        return await endSessions(request, context, body)
      } catch (error) {
        context.log.warn(
          { event: 'backchannel_logout_refused', error },
          'a logout token is refused',
        )
        return respondError(request, errorCode(error))
      }
    },
  }
}

async function endSessions(
  request: BffRequest,
  context: BffContext,
  body: string,
): Promise<RespondDecision> {
  const { log, massLogout, once, verifyLogoutToken } = context
  const [logoutToken, another] = new URLSearchParams(body).getAll('logout_token')
  if (!logoutToken || another !== undefined) {
    return respondError(request, 'ERR_LOGOUT_TOKEN_INVALID')
  }
  const order = await verifyLogoutToken(logoutToken)
  // Delivered twice: whoever signed in since then did so after this logout.
  await once(`logout:${order.issuer}:${order.jti}`, memory, async () => {
    const ended = await massLogout.all(toFilter(order), 'backchannel')
    log.info(
      { event: 'session_logout', reason: 'backchannel', ended },
      'sessions ended by the issuer',
    )
  })
  return respondEmpty()
}

/**
 * A `sid` is one session at the issuer; without it, all of the subject's are meant. With both, a
 * session that is another subject's is not.
 */
function toFilter({ issuer, sid, subject }: LogoutOrder): SessionFilter {
  return {
    issuer,
    ...(sid !== undefined && { sid }),
    ...(subject !== undefined && { subject }),
  }
}
