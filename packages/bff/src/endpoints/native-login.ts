import { SallyportError } from '@sallyport/core'
import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision } from '../decision.ts'
import { readNativeRequest } from '../native/native-request.ts'
import { type RedirectTarget, toResponseUrl } from '../native/redirect-uri.ts'
import { redirect, respondError } from '../respond.ts'
import { startSignIn } from './login.ts'

/**
 * `GET /bff/native/login`: an app's authorization request, opened in the system's browser. The
 * issuer signs the person in as ever; a session that this browser may have here does not count.
 *
 * An address that another app on the device could have as well is no proof of who asks. For such
 * ones the issuer asks the person each time, so that no app gets a session unseen.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252.html#section-8.6 RFC 8252, section 8.6}
 */
export async function nativeLogin(
  request: BffRequest,
  context: BffContext,
): Promise<RespondDecision> {
  const { config, native, signOutCookies } = context
  if (!native) throw new SallyportError('ERR_ROUTE_NOT_FOUND', 'there are no native apps')
  const asked = readNativeRequest(new URLSearchParams(request.url.query), config.nativeApps)
  if (asked.kind === 'unknown') {
    return respondError(request, 'ERR_NATIVE_APP_UNKNOWN', {
      detail: 'Nothing was changed. Whoever made the app can look up what it must say.',
    })
  }
  const refuse = (target: RedirectTarget, error: string, description?: string) =>
    redirect(
      toResponseUrl(
        target,
        { error, ...(description !== undefined && { error_description: description }) },
        config.frontend,
      ),
    )
  if (asked.kind === 'refused') return refuse(asked.target, 'invalid_request', asked.problem)
  const isAsking = !asked.isClaimed || signOutCookies.isSignedOut(request.cookies)
  const { parameters } = asked
  if (isAsking && parameters.prompt === 'none') return refuse(asked.native, 'interaction_required')
  const returnUrl = new URL(`${config.basePath}/`, config.publicUrl)
  return startSignIn(request, context, { returnUrl, parameters, isAsking, native: asked.native })
}
