import { type ErrorCode, errorCode, SallyportError, sha256 } from '@sallyport/core'
import type { BffContext, BffRequest } from '../context.ts'
import type { Transaction } from '../cookies.ts'
import type { RespondDecision } from '../decision.ts'
import { tokensOfGrant } from '../logout/revocable-tokens.ts'
import type { AuthorizationResponse } from '../oidc/authorization-response.ts'
import type { IdTokenClaims, TokenGrant } from '../oidc/token-grant.ts'
import { redirect, respondError } from '../respond.ts'
import type { Session, SessionContent } from '../sessions/session.ts'
import { toStored } from '../tokens/renewal.ts'
import { tokenKey } from '../tokens/token-request.ts'
import { loginLink } from './login.ts'
import { endSession, hintOf } from './logout.ts'

/** Longer than a transaction lives: its state stays spent until its cookie is worthless. */
const claimLifetime = 900

/**
 * `GET /bff/callback`: the browser comes back from the issuer. Redeems the code, creates a new
 * session under a new id, and goes on to where the sign-in started.
 *
 * A response that does not belong to a transaction of this browser changes nothing. A state is
 * spent once, over all processes, before the issuer is asked anything.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9700.html#section-4.7 RFC 9700, section 4.7}
 */
export async function callback(request: BffRequest, context: BffContext): Promise<RespondDecision> {
  const { config, cookies, log, oidc, sessions, signOutCookies, resources } = context
  const response = await readResponse(request, context)
  const transaction = response && cookies.readTransaction(response.state, request.cookies)
  if (!response || !transaction || transaction.issuer !== config.issuer.href) {
    log.warn({ event: 'authn_login_fail', reason: 'no_transaction' }, 'a callback is refused')
    return refuse(request, 'ERR_CALLBACK_REJECTED', { context })
  }
  const setCookies = [cookies.expireTransaction(response.state)]
  if (!(await sessions.claim(`state:${response.state}`, claimLifetime))) {
    log.warn({ event: 'authn_login_fail', reason: 'replayed' }, 'a callback is refused')
    return refuse(request, 'ERR_CALLBACK_REJECTED', { context, transaction, setCookies })
  }
  const target = new URL(transaction.returnUrl, config.publicUrl)
  if (isSilentNo(response, transaction)) return redirect(target, { setCookies })
  try {
    const grant = await oidc.redeem(response, transaction, resources[0])
    const session = await startSession(request, context, { grant, transaction })
    setCookies.push(...session.setCookies, signOutCookies.hint(hintOf(session, context)))
    // Strict: the browser does not show it here.
    if (transaction.visitor) setCookies.push(context.visitors.forget())
    if (signOutCookies.isSignedOut(request.cookies)) {
      setCookies.push(signOutCookies.expireSignedOut())
    }
    return redirect(target, { setCookies })
  } catch (error) {
    log.warn({ event: 'authn_login_fail', error }, 'a sign-in could not be completed')
    return refuse(request, callbackCode(error), { context, transaction, setCookies })
  }
}

/** What came back, if it can be an answer to a sign-in; a signed one is verified. */
async function readResponse(
  request: BffRequest,
  { log, oidc }: BffContext,
): Promise<AuthorizationResponse | undefined> {
  try {
    return await oidc.readResponse(request.url.query)
  } catch (error) {
    if (errorCode(error) !== 'ERR_CALLBACK_REJECTED') throw error
    log.warn({ event: 'authn_login_fail', error }, 'a signed authorization response is refused')
    return undefined
  }
}

const silentAnswers = new Set([
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
])

/** With `prompt=none` the issuer was not to ask anybody; that it would have to is an answer too. */
function isSilentNo({ error }: AuthorizationResponse, { parameters }: Transaction): boolean {
  return parameters?.prompt === 'none' && error !== undefined && silentAnswers.has(error)
}

async function startSession(
  request: BffRequest,
  context: BffContext,
  { grant, transaction }: { grant: TokenGrant; transaction: Transaction },
): Promise<Session> {
  const { clock, log, sessions, signInRequest } = context
  const { claims, idToken } = grant
  if (!claims || !idToken) {
    throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'the issuer sent no ID token')
  }
  const content: SessionContent = {
    claims,
    idToken,
    refreshToken: grant.refreshToken,
    refreshExpiresAt: grant.refreshExpiresIn && clock() + grant.refreshExpiresIn,
    dpopKey: transaction.dpopKey,
    accessTokens: { [tokenKey(signInRequest)]: toStored(grant, clock()) },
  }
  if (!grant.refreshToken) {
    log.warn('the issuer gave no refresh token: this session lasts as long as its access token')
  }
  const startedAt = transaction.createdAt
  let session: Session
  try {
    const visitor = await claimVisitor(transaction, claims, context)
    session = await sessions.create({ claims, content: { ...content, visitor }, startedAt })
  } catch (error) {
    await revokeGrant(grant, transaction, context)
    throw error
  }
  const old = await sessions.open(request.cookies)
  if (old) await endSession(old, context, isSameSignIn(old, session) ? 'repeated' : 'replaced')
  log.info({ event: 'authn_login_success', subject: claims.sub }, 'signed in')
  return session
}

/** The visitor who signs in, unless it has become somebody else meanwhile. */
async function claimVisitor(
  { visitor }: Transaction,
  { iss: issuer, sub: subject }: IdTokenClaims,
  { log, visitors }: BffContext,
): Promise<string | undefined> {
  if (!visitor) return undefined
  if (await visitors.claim(visitor, { issuer, subject })) return visitor.id
  log.warn({ event: 'visitor_refused', subject }, 'a visitor is somebody else already')
  return undefined
}

/** No session will ever use what the issuer granted. */
async function revokeGrant(
  grant: TokenGrant,
  { state }: Transaction,
  { clock, log, revocations }: BffContext,
): Promise<void> {
  const tokens = tokensOfGrant(grant, clock())
  const planned = revocations.plan(sha256(state), tokens)
  await planned.catch((error) => log.warn({ error }, 'a revocation could not be written down'))
  revocations.start(sha256(state), tokens)
}

/** Whether both come from one session at the issuer, and so perhaps from one grant of it. */
function isSameSignIn({ record: old }: Session, { record: fresh }: Session): boolean {
  return old.subject === fresh.subject && old.sid === fresh.sid
}

/** What went wrong, from this person's point of view: nothing they can do about a bad grant. */
function callbackCode(error: unknown): ErrorCode {
  const code = errorCode(error)
  return code === 'ERR_LOGIN_REQUIRED' ? 'ERR_CALLBACK_REJECTED' : code
}

const details: Partial<Record<ErrorCode, string>> = {
  ERR_CALLBACK_REJECTED:
    'It was started in another browser, has been used already, or took too long. Nothing was changed.',
  ERR_ACR_NOT_MET: 'The application asked for a stronger one than the identity server gave.',
  ERR_LOGIN_DENIED: 'The identity server reports that you did not sign in or did not agree.',
  ERR_IDP_UNAVAILABLE: 'It did not answer in time. Try again in a moment.',
}

interface Refusal {
  context: BffContext
  transaction?: Transaction
  setCookies?: readonly string[]
}

function refuse(request: BffRequest, code: ErrorCode, refusal: Refusal): RespondDecision {
  const { context, transaction, setCookies = [] } = refusal
  const detail = details[code]
  const link = loginLink(context.config.basePath, transaction?.returnUrl)
  return respondError(request, code, { ...(detail ? { detail } : {}), link, setCookies })
}
