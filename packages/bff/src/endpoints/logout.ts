import { type LogoutResponse, paths } from '@sallyport/core/contract'
import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision } from '../decision.ts'
import { endWithTokens } from '../logout/end-with-tokens.ts'
import { toLogoutHint, toLogoutUrl } from '../logout/issuer-logout.ts'
import type { SignOutHint } from '../logout/sign-out-cookies.ts'
import type { BffConfig } from '../options.ts'
import { redirect, respondError, respondJson } from '../respond.ts'
import { type EndReason, logoutSid, type Session } from '../sessions/session.ts'

/** Seconds that a page has, after signing out by script, to go on to the issuer. */
const confirmedFor = 120

/**
 * `POST /bff/logout`: ends the session here and now, and tells the page where to go to end the
 * issuer's too. What the issuer must be told waits in a sealed cookie, so that no token gets into
 * the answer. It was put there at sign-in, so this also works when the session has ended by itself.
 */
export async function logoutByScript(
  request: BffRequest,
  context: BffContext,
): Promise<RespondDecision> {
  const { config, clock, sessions, signOutCookies, visitors } = context
  const session = await sessions.open(request.cookies)
  const setCookies = [...sessions.expire(request.cookies), ...visitors.expire(request.cookies)]
  if (session) await endSession(session, context, 'logout')
  const hint = session ? hintOf(session, context) : signOutCookies.readHint(request.cookies)
  if (hint) {
    setCookies.push(signOutCookies.hint({ ...hint, confirmedAt: clock() }))
    setCookies.push(signOutCookies.signedOut())
  }
  const body: LogoutResponse = { logoutUrl: `${config.basePath}${paths.logout}` }
  return respondJson(body, { setCookies })
}

/**
 * `GET /bff/logout?sid=`: the same for a link. A live session ends only when the link names its
 * `sid`, which no other page knows; so does the issuer's when ours has ended by itself. Without
 * either it goes on to the issuer if a sign-out by script is pending, and home if none is.
 */
export async function logoutByLink(
  request: BffRequest,
  context: BffContext,
): Promise<RespondDecision> {
  const { config, clock, sessions, signOutCookies, visitors } = context
  const sids = new URLSearchParams(request.url.query).getAll('sid')
  const isNamed = (sid: string) => sids.length === 1 && sids[0] === sid
  const session = await sessions.open(request.cookies)
  if (!session) {
    const hint = signOutCookies.readHint(request.cookies)
    const isConfirmed = hint?.confirmedAt !== undefined && hint.confirmedAt + confirmedFor > clock()
    if (!hint || !(isConfirmed || isNamed(hint.sid))) return redirect(homeOf(config))
    // A cookie of a session that has ended by itself.
    const isLeft = sessions.isNamed(request.cookies)
    return leave(hint, context, isLeft ? sessions.expire(request.cookies) : [])
  }
  if (!isNamed(logoutSid(session))) {
    return respondError(request, 'ERR_LOGOUT_REJECTED', {
      detail: 'Sign out from within the application instead.',
      link: { href: homeOf(config).href, label: 'Go to the application' },
    })
  }
  await endSession(session, context, 'logout')
  const expired = [...sessions.expire(request.cookies), ...visitors.expire(request.cookies)]
  return leave(hintOf(session, context), context, expired)
}

/**
 * Ends a session and revokes its tokens. The end is done when this resolves, and what is to be
 * revoked is written down; the issuer may be told later. Of a `repeated` sign-in nothing is revoked.
 *
 * @throws `ERR_SESSION_STORE_UNAVAILABLE`: nothing has ended then that would not be asked for again.
 */
export async function endSession(
  session: Session,
  context: BffContext,
  reason: EndReason,
): Promise<void> {
  // A repeated sign-in may go on with the same grant, and revoking ends that as a whole.
  const isEnded =
    reason === 'repeated'
      ? (await context.sessions.end(session, reason)) !== undefined
      : await endWithTokens(session, { reason, isPrompt: true }, context)
  if (!isEnded) return
  const { subject } = session.record
  context.log.info({ event: 'session_logout', reason, subject }, 'session ended')
}

/** What will end the issuer's session, at any time after a sign-in. */
export function hintOf(session: Session, { config }: BffContext): SignOutHint {
  const { createdAt } = session.record
  return { sid: logoutSid(session), createdAt, ...toLogoutHint(session, config) }
}

/**
 * Sends the browser on once our session is gone: to the issuer, or home when it has no place to end
 * sessions or cannot be reached. Its session may live on then, so the next sign-in asks who it is.
 */
async function leave(
  hint: SignOutHint,
  context: BffContext,
  expired: readonly string[],
): Promise<RespondDecision> {
  const { config, signOutCookies } = context
  const home = homeOf(config)
  const place = await issuerPlace(hint, home, context)
  const mark = place ? signOutCookies.expireSignedOut() : signOutCookies.signedOut()
  return redirect(place ?? home, { setCookies: [...expired, signOutCookies.expireHint(), mark] })
}

async function issuerPlace(
  hint: SignOutHint,
  home: URL,
  { config, log, oidc }: BffContext,
): Promise<URL | undefined> {
  if (config.logout.shape === 'local') return undefined
  try {
    const metadata = await oidc.signOutMetadata()
    return toLogoutUrl(hint, home, { ...config, metadata })
  } catch (error) {
    log.warn({ error }, "the issuer's session is not ended")
    return undefined
  }
}

/** The page of the application that a sign-out ends on. */
function homeOf({ applicationUrl, logout }: BffConfig): URL {
  return new URL(`.${logout.returnPath}`, applicationUrl)
}
