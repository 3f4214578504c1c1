import type { BffContext } from '../context.ts'
import type { Transaction } from '../cookies.ts'
import type { RespondDecision } from '../decision.ts'
import { contentOf, revokeGrant } from '../endpoints/granted-session.ts'
import type { AuthorizationResponse } from '../oidc/authorization-response.ts'
import type { TokenGrant } from '../oidc/token-grant.ts'
import type { NativeRequest } from './native-request.ts'
import type { NativeSessions } from './native-sessions.ts'
import { toResponseError } from './oauth-errors.ts'
import { returnToApp } from './return-to-app.ts'

/** A sign-in of an app's, when the browser has come back from the issuer with it. */
export interface NativeReturn {
  readonly response: AuthorizationResponse
  readonly transaction: Transaction & { readonly native: NativeRequest }
  readonly setCookies: readonly string[]
}

/**
 * Ends an app's sign-in in the browser: the app gets a one-time code, or learns what went wrong.
 * The browser gets no session, and the one it may have stays as it is.
 */
export async function finishNativeSignIn(
  { response, transaction, setCookies }: NativeReturn,
  context: BffContext,
): Promise<RespondDecision> {
  const { config, log, native, oidc, resources } = context
  const { native: request } = transaction
  const back = (said: Record<string, string>) => returnToApp(request, said, { config, setCookies })
  try {
    if (!native) throw new TypeError('there are no native apps any more')
    const grant = await oidc.redeem(response, transaction, resources[0])
    const code = await toCode(grant, transaction, { ...context, native })
    const { clientId } = request
    log.info({ event: 'authn_login_success', clientId }, 'signed in for an app')
    return back({ code })
  } catch (error) {
    log.warn({ event: 'authn_login_fail', error }, 'a sign-in could not be completed')
    return back({ error: toResponseError(error, response.error) })
  }
}

async function toCode(
  grant: TokenGrant,
  transaction: NativeReturn['transaction'],
  context: BffContext & { readonly native: NativeSessions },
): Promise<string> {
  const { native } = context
  try {
    const { claims, content } = contentOf(grant, transaction, context)
    const start = { claims, content, startedAt: transaction.createdAt }
    const code = await native.codes.issue({ request: transaction.native, start })
    await native.unclaimed.watch(code, content)
    return code
  } catch (error) {
    await revokeGrant(grant, transaction, context)
    throw error
  }
}
