import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision } from '../decision.ts'
import { respondError, respondFramed } from '../respond.ts'

/**
 * `GET /bff/frontchannel?iss=&sid=`: the issuer's sign-out page loads it in a frame. Off unless
 * configured.
 *
 * The frame is of another site, so it has no cookie of ours, and nothing proves who asks: the sessions
 * of that `sid` end in the store. No token is revoked, for the same reason.
 *
 * @see {@link https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout Front-Channel Logout 1.0, section 2}
 */
export async function frontchannel(
  request: BffRequest,
  context: BffContext,
): Promise<RespondDecision> {
  const { config, log, sessions } = context
  if (!config.logout.frontchannel) return respondError(request, 'ERR_ROUTE_NOT_FOUND')
  const query = new URLSearchParams(request.url.query)
  const issuer = only(query, 'iss')
  const sid = only(query, 'sid')
  if (!issuer || !namesIssuer(issuer, config.issuer) || !sid || sid.length > 255) {
    log.warn({ event: 'frontchannel_logout_refused' }, 'a front-channel sign-out is refused')
    return respondError(request, 'ERR_LOGOUT_REJECTED')
  }
  const ended = await sessions.endAll({ issuer, sid }, 'frontchannel')
  log.info(
    { event: 'session_logout', reason: 'frontchannel', ended },
    'sessions ended in a frame of the issuer',
  )
  return respondFramed(config.issuer.origin)
}

function only(query: URLSearchParams, name: string): string | undefined {
  const [value, another] = query.getAll(name)
  return another === undefined ? value : undefined
}

/** As it names itself: with the slash that a URL of an origin has, or without. */
function namesIssuer(text: string, issuer: URL): boolean {
  return text === issuer.href || (issuer.pathname === '/' && text === issuer.origin)
}
