import { errorCode, SallyportError } from '@sallyport/core'
import * as client from 'openid-client'
import type { IssuerConfig, PrivateJwk } from '../options/issuer-options.ts'
import { importSigningKey, namedAlgorithm } from './client-authentication.ts'
import { type DpopKey, thumbprintOf } from './dpop-key.ts'
import { attempt } from './failure.ts'
import { isPushed, isSigned } from './issuer-demands.ts'
import type { SignInDemands, SignInSecrets } from './sign-in.ts'

/** One sign-in, as it is asked for. */
export interface AuthorizationRequest {
  readonly secrets: SignInSecrets & SignInDemands
  readonly redirectUri: string
  readonly resources: readonly string[]
}

/** Where a browser is sent to sign in: with all parameters, signed, or pushed, as is configured. */
export async function toAuthorizationUrl(
  provider: client.Configuration,
  config: IssuerConfig,
  request: AuthorizationRequest,
): Promise<URL> {
  const metadata = provider.serverMetadata()
  let parameters = await toParameters(config, request)
  if (isSigned(config, metadata)) parameters = await signed(provider, config, parameters)
  if (!isPushed(config, metadata)) return client.buildAuthorizationUrl(provider, parameters)
  return push(provider, parameters)
}

async function toParameters(
  config: IssuerConfig,
  { secrets, redirectUri, resources }: AuthorizationRequest,
): Promise<URLSearchParams> {
  const { state, nonce, codeVerifier, dpopKey } = secrets
  const parameters = new URLSearchParams({
    ...secrets.parameters,
    redirect_uri: redirectUri,
    scope: config.scopes.join(' '),
    response_type: 'code',
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
    code_challenge_method: 'S256',
    ...(config.responseMode !== 'query' && { response_mode: config.responseMode }),
    ...(await boundTo(dpopKey)),
  })
  for (const resource of resources) parameters.append('resource', resource)
  return parameters
}

/** So that the code is worth nothing without the key, either (RFC 9449 section 10). */
async function boundTo(dpopKey: DpopKey | undefined): Promise<{ dpop_jkt?: string }> {
  return dpopKey ? { dpop_jkt: await thumbprintOf(dpopKey) } : {}
}

/**
 * The same parameters as a JWT that we signed. It is made apart from the authorization endpoint, so
 * that a query which that may have does not become part of what is signed.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9101.html#section-4 RFC 9101, section 4}
 */
async function signed(
  provider: client.Configuration,
  config: IssuerConfig,
  parameters: URLSearchParams,
): Promise<URLSearchParams> {
  const { clientAuthentication, requestObjectKey } = config
  const own = 'privateKey' in clientAuthentication ? clientAuthentication.privateKey[0] : undefined
  const jwk = (requestObjectKey ?? own) as PrivateJwk
  const { issuer } = provider.serverMetadata()
  const plain = new client.Configuration(
    { issuer, authorization_endpoint: issuer },
    config.clientId,
    provider.clientMetadata(),
  )
  client.allowInsecureRequests(plain)
  const url = await client.buildAuthorizationUrlWithJAR(
    plain,
    parameters,
    await importSigningKey(jwk),
    namedAlgorithm(jwk),
  )
  return new URLSearchParams({ request: url.searchParams.get('request') as string })
}

/**
 * @throws `ERR_IDP_REQUEST_REFUSED` when the issuer does not want this request from anybody.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9126.html#section-2.3 RFC 9126, section 2.3}
 */
async function push(provider: client.Configuration, parameters: URLSearchParams): Promise<URL> {
  try {
    return await attempt(() => client.buildAuthorizationUrlWithPAR(provider, parameters))
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ERR_IDP_UNAVAILABLE' || code === 'ERR_IDP_CLIENT_REJECTED') throw error
    const isRefusal = error instanceof Error && error.cause instanceof client.ResponseBodyError
    if (!isRefusal) throw error
    throw new SallyportError('ERR_IDP_REQUEST_REFUSED', 'a pushed request is refused', {
      cause: error,
    })
  }
}
