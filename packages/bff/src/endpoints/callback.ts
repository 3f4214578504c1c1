import { type ErrorCode, errorCode } from '@sallyport/core'
import { paths } from '@sallyport/core/contract'
import { toSessionId } from '@sallyport/session'
import type { BffContext, BffRequest } from '../context.ts'
import type { Transaction } from '../cookies.ts'
import type { RespondDecision } from '../decision.ts'
import { headerValue } from '../headers.ts'
import { finishNativeSignIn } from '../native/finish-sign-in.ts'
import type { AuthorizationResponse } from '../oidc/authorization-response.ts'
import type { IdTokenClaims, TokenGrant } from '../oidc/token-grant.ts'
import { respondError, respondOnward, respondReturn } from '../respond.ts'
import { fromReturnText } from '../return-url.ts'
import { describeDevice } from '../sessions/device.ts'
import type { Session } from '../sessions/session.ts'
import { contentOf, revokeGrant } from './granted-session.ts'
import { answerLate } from './late-response.ts'
import { loginLink } from './login.ts'
import { endSession, hintOf } from './logout.ts'
import { type Completion, isFramed, silentCallback } from './silent-login.ts'

/** Longer than a transaction lives: its state stays spent until its cookie is worthless. */
const claimLifetime = 900

/**
 * `GET /bff/callback`: the browser comes back from the issuer. Redeems the code, creates a new
 * session under a new id, and goes on to where the sign-in started.
 *
 * A response that does not belong to a transaction of this browser changes nothing. A state is
 * spent once, over all processes, before the issuer is asked anything. One that came too late starts
 * its sign-in again, once: see late-response.ts. In a frame nothing is shown: see silent-login.ts.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9700.html#section-4.7 RFC 9700, section 4.7}
 */
export async function callback(request: BffRequest, context: BffContext): Promise<RespondDecision> {
  const { config, cookies, log, sessions } = context
  const response = await readResponse(request, context)
  const found = response && cookies.readTransaction(response.state, request.cookies)
  const transaction = found?.issuer === config.issuer.href ? found : undefined
  if (isFramed(request) || transaction?.isSilent) {
    const claim = () => sessions.claim(`state:${response?.state}`, claimLifetime)
    const start = (given: Completion) => complete(request, context, given)
    return silentCallback(request, context, { response, transaction, claim, start })
  }
  if (!response || !transaction) {
    log.warn({ event: 'authn_login_fail', reason: 'no_transaction' }, 'a callback is refused')
    const late = response && (await answerLate(request, context, { response }))
    return late ?? refuse(request, 'ERR_CALLBACK_REJECTED', { context })
  }
  if (transaction.hadSession && isWithoutStrictCookies(request, context)) {
    const { href } = new URL(`${config.basePath}${paths.callback}`, config.publicUrl)
    return respondOnward(new URL(`${href}${request.url.query}&${onceMore}=1`))
  }
  const setCookies = [cookies.expireTransaction(response.state)]
  if (!(await sessions.claim(`state:${response.state}`, claimLifetime))) {
    log.warn({ event: 'authn_login_fail', reason: 'replayed' }, 'a callback is refused')
    const late = transaction.native
      ? undefined
      : await answerLate(request, context, { response, transaction })
    return late ?? refuse(request, 'ERR_CALLBACK_REJECTED', { context, transaction, setCookies })
  }
  const { native } = transaction
  if (native) {
    const found = { response, transaction: { ...transaction, native }, setCookies }
    return finishNativeSignIn(found, context)
  }
  const target = fromReturnText(transaction.returnUrl, config)
  if (isSilentNo(response, transaction)) return respondReturn(target, config, { setCookies })
  try {
    setCookies.push(...(await complete(request, context, { response, transaction })))
    return respondReturn(target, config, { setCookies })
  } catch (error) {
    log.warn({ event: 'authn_login_fail', error }, 'a sign-in could not be completed')
    return refuse(request, callbackCode(error), { context, transaction, setCookies })
  }
}

/** Says in a callback's query that it came once more. */
const onceMore = 'once-more'

/**
 * Whether the session's cookie stayed at home, because another site sends the browser here. It does come
 * along when a page of ours does, and must: the session that was there is to be ended.
 *
 * @see {@link https://www.ietf.org/archive/id/draft-ietf-httpbis-rfc6265bis-22.html#section-8.8.2 RFC 6265bis, section 8.8.2}
 */
function isWithoutStrictCookies(request: BffRequest, { sessions }: BffContext): boolean {
  const isFromOtherSite = headerValue(request.headers, 'sec-fetch-site') === 'cross-site'
  const isAgain = new URLSearchParams(request.url.query).has(onceMore)
  return isFromOtherSite && !isAgain && !sessions.isNamed(request.cookies)
}

/** @returns Set-Cookie values that give the browser its new session. */
async function complete(
  request: BffRequest,
  context: BffContext,
  { response, transaction }: Completion,
): Promise<readonly string[]> {
  const { oidc, signOutCookies, resources } = context
  const grant = await oidc.redeem(response, transaction, resources[0])
  const session = await startSession(request, context, { grant, transaction })
  const setCookies = [...session.setCookies, signOutCookies.hint(hintOf(session, context))]
  // Strict: the browser does not show it here.
  if (transaction.visitor) setCookies.push(context.visitors.forget())
  const isSignedOut = signOutCookies.isSignedOut(request.cookies)
  return isSignedOut ? [...setCookies, signOutCookies.expireSignedOut()] : setCookies
}

/** What came back, if it can be an answer to a sign-in; a signed one is verified. */
async function readResponse(
  request: BffRequest,
  { log, oidc }: BffContext,
): Promise<AuthorizationResponse | undefined> {
  try {
    return await oidc.readResponse(request.url.query)
  } catch (error) {
    // In a frame nobody would see the page; whoever waits for its message gets that.
    if (errorCode(error) !== 'ERR_CALLBACK_REJECTED' && !isFramed(request)) throw error
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
  const { log, sessions } = context
  const { claims, content } = contentOf(grant, transaction, context)
  const startedAt = transaction.createdAt
  const device = describeDevice(headerValue(request.headers, 'user-agent'))
  let session: Session
  try {
    const visitor = await claimVisitor(transaction, claims, context)
    session = await sessions.create({
      ...{ claims, startedAt, device },
      content: { ...content, visitor },
    })
  } catch (error) {
    await revokeGrant(grant, transaction, context)
    throw error
  }
  const old = await sessions.open(request.cookies)
  if (old) await endSession(old, context, isSameSignIn(old, session) ? 'repeated' : 'replaced')
  const id = toSessionId(session.record.key)
  log.info({ event: 'authn_login_success', subject: claims.sub, session: id }, 'signed in')
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
