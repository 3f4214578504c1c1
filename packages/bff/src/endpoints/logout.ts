import { type LogoutResponse, paths } from '@sallyport/core/contract'
import type { BffContext, BffRequest } from '../context.ts'
import type { PendingLogout } from '../cookies.ts'
import type { RespondDecision } from '../decision.ts'
import { presentSession } from '../require-session.ts'
import { redirect, respondError, respondJson } from '../respond.ts'
import { logoutSid, type Session } from '../sessions/session.ts'

/**
 * `POST /bff/logout`: ends the session here and now, and tells the page where to go to end the
 * issuer's too. What the issuer must be told waits in a sealed cookie, so that no token gets into
 * the answer.
 */
export async function logoutByScript(
  request: BffRequest,
  context: BffContext,
): Promise<RespondDecision> {
  const { cookies } = context
  const session = await presentSession(request, context)
  const setCookies = [cookies.expireSession()]
  if (session) {
    await endSession(session, context, 'logout')
    setCookies.push(cookies.logout(pendingLogout(session, context)))
  }
  const body: LogoutResponse = { logoutUrl: paths.logout }
  return respondJson(body, { setCookies })
}

/**
 * `GET /bff/logout?sid=`: the same for a link. A live session ends only when the link names its
 * `sid`, which no other page knows. Without a session it goes on to the issuer if a sign-out is
 * pending, and home if none is.
 */
export async function logoutByLink(
  request: BffRequest,
  context: BffContext,
): Promise<RespondDecision> {
  const { config, cookies } = context
  const session = await presentSession(request, context)
  if (!session) {
    const pending = cookies.readLogout(request.cookies)
    const location = await afterLogout(pending, context)
    return redirect(location, { setCookies: pending ? [cookies.expireLogout()] : [] })
  }
  const sids = new URLSearchParams(request.url.query).getAll('sid')
  if (sids.length !== 1 || sids[0] !== logoutSid(session)) {
    return respondError(request, 'ERR_LOGOUT_REJECTED', {
      detail: 'Sign out from within the application instead.',
      link: { href: config.logout.returnPath, label: 'Go to the application' },
    })
  }
  await endSession(session, context, 'logout')
  const location = await afterLogout(pendingLogout(session, context), context)
  return redirect(location, { setCookies: [cookies.expireSession()] })
}

/**
 * Deletes a session and revokes its refresh token, which ends the tokens made from it. The
 * deletion is done when this resolves; the issuer may be told later. Of a `repeated` sign-in
 * nothing is revoked.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7009.html#section-2.1 RFC 7009, section 2.1}
 */
export async function endSession(
  session: Session,
  context: BffContext,
  reason: 'logout' | 'replaced' | 'repeated',
): Promise<void> {
  const { log, oidc, sessions } = context
  const ended = await sessions.end(session.record.key)
  if (!ended) return
  log.info({ event: 'session_logout', reason, subject: session.record.subject }, 'session ended')
  const { refreshToken } = ended.content
  // A repeated sign-in may go on with the same grant, and revoking ends that as a whole.
  if (refreshToken && reason !== 'repeated') {
    context.inBackground(
      oidc.revoke(refreshToken, 'refresh_token'),
      'a refresh token could not be revoked',
    )
  }
}

function pendingLogout(session: Session, { config, clock }: BffContext): PendingLogout {
  const { idToken } = session.content
  const { sid } = session.record
  return { createdAt: clock(), ...(config.logout.hint === 'id_token' ? { idToken } : { sid }) }
}

/**
 * Where the browser goes once our session is gone: to the issuer, or home when it has no place
 * to end sessions or cannot be reached (its session then ends by itself).
 *
 * @see {@link https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout RP-Initiated Logout 1.0, section 2}
 */
async function afterLogout(
  pending: PendingLogout | undefined,
  { config, log, oidc }: BffContext,
): Promise<URL> {
  const home = new URL(config.logout.returnPath, config.publicUrl)
  if (!pending) return home
  const parameters: Record<string, string> = { post_logout_redirect_uri: home.href }
  if (pending.idToken) parameters.id_token_hint = pending.idToken
  if (pending.sid) parameters.logout_hint = pending.sid
  try {
    return (await oidc.endSessionUrl(parameters)) ?? home
  } catch (error) {
    log.warn({ error }, "the issuer's session is not ended")
    return home
  }
}
