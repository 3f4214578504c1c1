import type { BffContext, BffRequest } from '../context.ts'
import type { Transaction } from '../cookies.ts'
import type { RespondDecision } from '../decision.ts'
import type { AuthorizationResponse } from '../oidc/authorization-response.ts'
import { respondReturn } from '../respond.ts'
import { fromReturnText } from '../return-url.ts'
import { startSignIn } from './login.ts'

/** An authorization response for which no sign-in waits any more. */
interface LateResponse {
  response: AuthorizationResponse
  /** Its transaction, when that is good and its state was spent. */
  transaction?: Transaction
}

/**
 * Goes on from a response that came too late or too often: whoever is signed in by now goes where they
 * wanted to go; whoever began this sign-in in this browser begins it again, as it was, once. Nothing of
 * the response is used.
 *
 * @returns `undefined` when the person must be told: it says that somebody refused, it restarted before,
 *   or nothing shows that this browser began it.
 */
export async function answerLate(
  request: BffRequest,
  context: BffContext,
  { response, transaction }: LateResponse,
): Promise<RespondDecision | undefined> {
  const { config, cookies, log, sessions, signOutCookies } = context
  const { state, error } = response
  if (error !== undefined) return undefined
  const late = transaction ?? cookies.readLateTransaction(state, request.cookies)
  const setCookies = late ? [cookies.expireTransaction(state)] : []
  // A cookie that nobody can read, or of a sign-in that its own answer took away: no browser's doing.
  const isForeign = !late && cookies.isNamed(state, request.cookies)
  // Nor is a frame, or an app that asked, where a page could go on.
  if (isForeign || late?.isSilent || late?.native) return undefined
  if (late && late.issuer !== config.issuer.href) return undefined

  const returnUrl = late ? fromReturnText(late.returnUrl, config) : config.applicationUrl
  const session = await sessions.open(request.cookies)
  if (session) {
    if (transaction) return undefined
    return respondReturn(returnUrl, config, {
      setCookies: [...setCookies, ...session.setCookies],
    })
  }
  if (!late || late.isRestart) return undefined
  log.info({ event: 'authn_login_restart' }, 'a sign-in that went stale starts again')
  const { parameters = {} } = late
  const isAsking = signOutCookies.isSignedOut(request.cookies)
  return startSignIn(request, context, {
    ...{ returnUrl, parameters, isAsking, setCookies },
    isRestart: true,
  })
}
