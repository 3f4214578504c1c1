import { type ErrorCode, errorCatalogue, errorCode } from '@sallyport/core'
import type { Awaitable } from '@sallyport/session'
import type { BffContext, BffRequest } from '../context.ts'
import type { Transaction } from '../cookies.ts'
import type { RespondDecision } from '../decision.ts'
import { headerValue } from '../headers.ts'
import type { AuthorizationResponse } from '../oidc/authorization-response.ts'
import { respondFramed } from '../respond.ts'
import { fromReturnText } from '../return-url.ts'
import { listedReferer } from '../routes/csrf.ts'
import { renderSilentLoginPage, silentLoginScriptHash } from '../silent-login-page.ts'
import { beginSignIn } from './login.ts'

/**
 * `GET /bff/silent-login`, in a hidden frame of the application's own: signs in whoever is signed in at
 * the issuer, and asks nobody anything. The frame's last page posts `SilentLoginMessage` to the page
 * around it, whatever happened, as long as the issuer sends the frame back.
 *
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest OpenID Connect Core 1.0, section 3.1.2.1}
 */
export async function silentLogin(
  request: BffRequest,
  context: BffContext,
): Promise<RespondDecision> {
  const { config, log, sessions, signOutCookies } = context
  const framing = listedReferer(request.headers, config.allowedOrigins)
  const origin = framing ?? config.publicUrl.origin
  try {
    const session = await sessions.open(request.cookies)
    if (session) return tell(origin, { isLoggedIn: true, setCookies: session.setCookies })
    // Whoever signed out here is not signed in again unasked.
    if (signOutCookies.isSignedOut(request.cookies)) return tell(origin, { isLoggedIn: false })
    return await beginSignIn(request, context, {
      // Its origin tells in the end who framed this.
      returnUrl: new URL(framing ? '/' : `${config.basePath}/`, origin),
      ...{ parameters: { prompt: 'none' }, isAsking: false, isSilent: true },
    })
  } catch (error) {
    log.warn({ error }, 'a silent sign-in could not be started')
    return tell(origin, { isLoggedIn: false, code: errorCode(error) })
  }
}

/** A response, and the transaction of this browser that it answers. */
export interface Completion {
  response: AuthorizationResponse
  transaction: Transaction
}

interface SilentReturn {
  response: AuthorizationResponse | undefined
  transaction: Transaction | undefined
  /** Spends the state; `false` when it was spent. */
  claim(): Awaitable<boolean>
  /** Redeems the code and starts a session. @returns Set-Cookie values */
  start(completion: Completion): Promise<readonly string[]>
}

/** The end of it, when the issuer sends the frame back to `/bff/callback`. */
export async function silentCallback(
  request: BffRequest,
  context: BffContext,
  { response, transaction, claim, start }: SilentReturn,
): Promise<RespondDecision> {
  const { config, cookies, log, sessions, signOutCookies } = context
  const { origin } = transaction ? fromReturnText(transaction.returnUrl, config) : config.publicUrl
  const no = (code?: ErrorCode, setCookies: readonly string[] = []) =>
    tell(origin, { isLoggedIn: false, code, setCookies })
  if (!response || !transaction) return no('ERR_CALLBACK_REJECTED')
  // A sign-in ends where it began: a page's in no frame, and a frame's in no page.
  if (!transaction.isSilent || isPage(request)) return no('ERR_NAVIGATION_REQUIRED')
  const setCookies = [cookies.expireTransaction(response.state)]
  try {
    if (!(await claim())) return no('ERR_CALLBACK_REJECTED', setCookies)
    const session = await sessions.open(request.cookies)
    if (session) {
      return tell(origin, { isLoggedIn: true, setCookies: [...setCookies, ...session.setCookies] })
    }
    const isUnwanted = signOutCookies.isSignedOut(request.cookies)
    if (isUnwanted || response.error !== undefined) return no(undefined, setCookies)
    setCookies.push(...(await start({ response, transaction })))
    return tell(origin, { isLoggedIn: true, setCookies })
  } catch (error) {
    log.warn({ event: 'authn_login_fail', error }, 'a silent sign-in could not be completed')
    return no(errorCode(error), setCookies)
  }
}

/** Whether the answer goes into a frame; browsers that do not say so are judged by the transaction. */
export function isFramed({ headers }: BffRequest): boolean {
  return headerValue(headers, 'sec-fetch-dest') === 'iframe'
}

function isPage({ headers }: BffRequest): boolean {
  return headerValue(headers, 'sec-fetch-dest') === 'document'
}

interface Outcome {
  isLoggedIn: boolean
  /** What went wrong, for the status; scripts of a frame run whatever that is. */
  code?: ErrorCode | undefined
  setCookies?: readonly string[]
}

/** @param origin of the page around the frame; no other one may frame it, or hears. */
function tell(origin: string, outcome: Outcome): RespondDecision {
  const { isLoggedIn, code, setCookies = [] } = outcome
  return respondFramed(origin, {
    ...(code && { status: errorCatalogue[code].status }),
    html: renderSilentLoginPage(isLoggedIn, origin),
    scriptHash: silentLoginScriptHash,
    setCookies,
  })
}
