import { paths, sessionClaims, type UserResponse } from '@sallyport/core/contract'
import type { Awaitable } from '@sallyport/session'
import { chain } from '../awaitable.ts'
import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision } from '../decision.ts'
import { requireSession } from '../require-session.ts'
import { respondJson } from '../respond.ts'
import { idleEnd } from '../sessions/lifetimes.ts'
import { logoutSid, type Session } from '../sessions/session.ts'

/** Claims that concern the protocol, not the person: they stay here. */
const protocolClaims = new Set(['iss', 'aud', 'exp', 'iat', 'nbf', 'nonce', 'azp', 'jti'])
const hashClaims = /^(?:at|c|s|rt)_hash$/

/**
 * `GET /bff/user`: who is signed in, and for how long. Asking counts as activity unless
 * `slide=false` is said.
 */
export function user(request: BffRequest, context: BffContext): Awaitable<RespondDecision> {
  return chain(requireSession(request, context), (session) => {
    const isSliding = new URLSearchParams(request.url.query).get('slide') !== 'false'
    const setCookies = isSliding ? context.sessions.slide(session) : session.setCookies
    return respondJson(toUserResponse(session, context, isSliding), { setCookies })
  })
}

function toUserResponse(session: Session, context: BffContext, isSliding: boolean): UserResponse {
  const { clock, config } = context
  const { record, content } = session
  const slid = idleEnd(config.session, session, clock())
  const expiresAt = isSliding ? Math.max(slid, record.expiresAt) : record.expiresAt
  const claims = Object.entries(content.claims)
    .filter(([type]) => !protocolClaims.has(type) && !hashClaims.test(type))
    .map(([type, value]) => ({ type, value }))
  return [
    ...claims,
    {
      type: sessionClaims.logoutUrl,
      value: `${config.basePath}${paths.logout}?sid=${encodeURIComponent(logoutSid(session))}`,
    },
    { type: sessionClaims.expiresIn, value: expiresAt - clock() },
  ]
}
