import { errorCode } from '@sallyport/core'
import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision } from '../decision.ts'
import { redirect, respondError } from '../respond.ts'
import { resolveReturnUrl } from '../return-url.ts'

/**
 * `GET /bff/login?returnUrl=/path`: sends the browser to the issuer.
 *
 * State, nonce and PKCE verifier go into a sealed cookie of their own, so a sign-in that is never
 * finished costs the server nothing. Other parameters are not passed on.
 */
export async function login(request: BffRequest, context: BffContext): Promise<RespondDecision> {
  const { config, clock, cookies, log, oidc, resources } = context
  const returnUrl = readReturnUrl(request.url.query, config.publicUrl)
  if (!returnUrl) {
    return respondError(request, 'ERR_RETURN_URL_INVALID', {
      detail: 'returnUrl must be one path of this application, such as /orders.',
      link: { href: '/', label: 'Go to the application' },
    })
  }
  const secrets = oidc.newSecrets()
  const returnPath = `${returnUrl.pathname}${returnUrl.search}${returnUrl.hash}`
  try {
    const authorizationUrl = await oidc.authorizationUrl(secrets, resources)
    const { href: issuer } = config.issuer
    const transaction = { ...secrets, issuer, returnUrl: returnPath, createdAt: clock() }
    const setCookies = cookies.transaction(transaction, request.cookies)
    return redirect(authorizationUrl, { setCookies })
  } catch (error) {
    log.warn({ error }, 'a sign-in could not be started')
    const detail = 'Nobody can sign in until it is back. Those who are signed in can go on.'
    return respondError(request, errorCode(error), {
      ...(errorCode(error) === 'ERR_IDP_UNAVAILABLE' ? { detail } : {}),
      link: { ...loginLink(returnPath), label: 'Try again' },
    })
  }
}

/** Where to restart a sign-in that went wrong, keeping where it was going. */
export function loginLink(returnUrl: string | undefined): { href: string; label: string } {
  const query = returnUrl ? `?returnUrl=${encodeURIComponent(returnUrl)}` : ''
  return { href: `/bff/login${query}`, label: 'Sign in again' }
}

function readReturnUrl(query: string, publicUrl: URL): URL | undefined {
  const parameters = new URLSearchParams(query)
  const names = [...parameters.keys()]
  if (names.some((name) => name.startsWith('returnUrl['))) return undefined
  const values = parameters.getAll('returnUrl')
  if (values.length > 1) return undefined
  return resolveReturnUrl(values[0] ?? '/', publicUrl)
}
