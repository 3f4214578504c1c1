import { type Clock, SallyportError } from '@sallyport/core'
import type { Telemetry } from '@sallyport/telemetry'
import { importJWK } from 'jose'
import * as client from 'openid-client'
import { createIssuerFetch, type IssuerFetch } from './issuer-fetch.ts'
import type { LoginParameters } from './login-parameters.ts'
import { attempt } from './oidc-failure.ts'
import type { BffConfig } from './options.ts'

/** What one sign-in must prove when it comes back. Kept in the browser, sealed. */
export interface SignInSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** What was asked of one sign-in beyond the usual, to be verified when it comes back. */
export interface SignInDemands {
  readonly parameters?: LoginParameters | undefined
}

/** Tokens that the issuer granted, validated. */
export interface TokenGrant {
  readonly accessToken: string
  /** Seconds. */
  readonly expiresIn: number
  readonly refreshToken?: string | undefined
  readonly idToken?: string | undefined
  /** The ID token's claims. */
  readonly claims?: IdTokenClaims | undefined
}

export type IdTokenClaims = client.IDToken

/** The issuer, as the BFF needs it. The one place that speaks its protocol. */
export interface OidcClient {
  /** Loads the issuer's metadata if that has not been done. */
  prepare(): Promise<void>
  newSecrets(): SignInSecrets
  authorizationUrl(
    secrets: SignInSecrets & SignInDemands,
    resources: readonly string[],
  ): Promise<URL>
  /**
   * Validates an authorization response and redeems its code. State, `iss`, nonce, PKCE, the ID
   * token's signature and claims, and the `acr` and `auth_time` asked for all hold when it resolves.
   */
  redeem(
    callback: URL,
    secrets: SignInSecrets & SignInDemands,
    resource?: string,
  ): Promise<TokenGrant>
  /** `invalid_grant` rejects with `ERR_LOGIN_REQUIRED`: this refresh token is dead. */
  refresh(refreshToken: string, subject: string, resource?: string): Promise<TokenGrant>
  revoke(refreshToken: string): Promise<void>
  /** Where the issuer publishes its keys, and how it signs. */
  signing(): Promise<{ issuer: string; jwksUri: string; idTokenAlgorithms: readonly string[] }>
  /** Where the browser ends the issuer's session; `undefined` when the issuer has no such place. */
  endSessionUrl(parameters: Record<string, string>): Promise<URL | undefined>
}

/** When an issuer does not say how long an access token lives (RFC 6749 section 5.1). */
const assumedLifetime = 300
const longestLifetime = 86_400
/** Seconds for which an issuer that has answered is taken to be there. */
const reachableFor = 5

/** Creates the client. Nothing is asked of the issuer before it is needed; failures are retried. */
export function createOidcClient(
  config: BffConfig,
  telemetry: Telemetry,
  clock: Clock,
): OidcClient {
  const redirectUri = new URL('/bff/callback', config.publicUrl).href
  const fetch = createIssuerFetch(telemetry, config.issuerTimeout)
  let pending: Promise<client.Configuration> | undefined
  let reachedAt = 0

  function configuration(): Promise<client.Configuration> {
    pending ??= discover(config, fetch, clock).then(
      (provider) => {
        reachedAt = clock()
        return provider
      },
      (error) => {
        pending = undefined
        throw error
      },
    )
    return pending
  }

  /**
   * The configuration, once the issuer has answered lately. Whoever sends a browser there looks
   * first: an error of ours says more than a browser's page about a server that is not there.
   */
  async function reachable(): Promise<client.Configuration> {
    const provider = await configuration()
    if (clock() - reachedAt < reachableFor) return provider
    await attempt(() => fetch(wellKnown(config.issuer), { method: 'GET', headers: {} }))
    reachedAt = clock()
    return provider
  }

  return {
    async prepare() {
      await configuration()
    },

    newSecrets: () => ({
      state: client.randomState(),
      nonce: client.randomNonce(),
      codeVerifier: client.randomPKCECodeVerifier(),
    }),

    async authorizationUrl(secrets, resources) {
      const parameters = new URLSearchParams({
        ...secrets.parameters,
        redirect_uri: redirectUri,
        scope: config.scopes.join(' '),
        state: secrets.state,
        nonce: secrets.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(secrets.codeVerifier),
        code_challenge_method: 'S256',
      })
      for (const resource of resources) parameters.append('resource', resource)
      return client.buildAuthorizationUrl(await reachable(), parameters)
    },

    async redeem(callback, secrets, resource) {
      const provider = await configuration()
      assertSentByIssuer(callback, provider.serverMetadata())
      const { max_age: maxAge, acr_values: acrValues } = secrets.parameters ?? {}
      const checks = {
        expectedState: secrets.state,
        expectedNonce: secrets.nonce,
        pkceCodeVerifier: secrets.codeVerifier,
        idTokenExpected: true,
        ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
      }
      const parameters = resource ? { resource } : undefined
      const grant = await attempt(() =>
        client.authorizationCodeGrant(provider, callback, checks, parameters).then(toGrant),
      )
      assertAcr(grant, acrValues)
      return grant
    },

    async refresh(refreshToken, subject, resource) {
      const provider = await configuration()
      const parameters = resource ? { resource } : undefined
      const grant = await attempt(() =>
        client.refreshTokenGrant(provider, refreshToken, parameters).then(toGrant),
      )
      if (grant.claims && grant.claims.sub !== subject) {
        throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'a refresh changed the subject')
      }
      return grant
    },

    async revoke(refreshToken) {
      const provider = await configuration()
      if (!provider.serverMetadata().revocation_endpoint) return
      const hint = { token_type_hint: 'refresh_token' }
      await attempt(() => client.tokenRevocation(provider, refreshToken, hint))
    },

    async signing() {
      const metadata = (await configuration()).serverMetadata()
      const { issuer, jwks_uri: jwksUri } = metadata
      if (!jwksUri) throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'there is no jwks_uri')
      const supported = metadata.id_token_signing_alg_values_supported
      return { issuer, jwksUri, idTokenAlgorithms: supported ?? ['RS256'] }
    },

    async endSessionUrl(parameters) {
      const provider = await reachable()
      if (!provider.serverMetadata().end_session_endpoint) return undefined
      return client.buildEndSessionUrl(provider, parameters)
    },
  }
}

function wellKnown(issuer: URL): string {
  return `${issuer.href.replace(/\/$/, '')}/.well-known/openid-configuration`
}

async function discover(
  config: BffConfig,
  fetch: IssuerFetch,
  clock: Clock,
): Promise<client.Configuration> {
  const { issuer, clientId, clientAuthentication, issuerTimeout } = config
  const metadata = {
    [client.clockSkew]: clock() - Math.floor(Date.now() / 1000),
    [client.clockTolerance]: 5,
  }
  const execute = [client.enableNonRepudiationChecks]
  if (issuer.protocol === 'http:') execute.push(client.allowInsecureRequests)
  const provider = await attempt(async () =>
    client.discovery(issuer, clientId, metadata, await authentication(clientAuthentication), {
      execute,
      timeout: issuerTimeout,
      [client.customFetch]: fetch,
    }),
  )
  const { code_challenge_methods_supported: methods } = provider.serverMetadata()
  if (methods && !methods.includes('S256')) {
    throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'the issuer does not support PKCE S256')
  }
  return provider
}

/**
 * The library checks this too; here it is told apart from what the issuer itself did wrong.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9207.html#section-2.4 RFC 9207, section 2.4}
 */
function assertSentByIssuer(callback: URL, metadata: client.ServerMetadata): void {
  const sender = callback.searchParams.get('iss')
  const isPromised = metadata.authorization_response_iss_parameter_supported === true
  if (sender === null ? !isPromised : sender === metadata.issuer) return
  throw new SallyportError('ERR_CALLBACK_REJECTED', 'the response is not from the issuer')
}

/** An issuer may answer `acr_values` with something else: then this is not what was asked for. */
function assertAcr({ claims }: TokenGrant, acrValues: string | undefined): void {
  if (acrValues === undefined || acrValues.split(' ').includes(String(claims?.acr))) return
  throw new SallyportError('ERR_ACR_NOT_MET', 'the acr is none of those asked for')
}

async function authentication(
  method: BffConfig['clientAuthentication'],
): Promise<client.ClientAuth> {
  if ('secret' in method) return client.ClientSecretBasic(method.secret)
  const { privateKey } = method
  const key = (await importJWK(privateKey, privateKey.alg)) as client.CryptoKey
  return client.PrivateKeyJwt({ key, kid: privateKey.kid })
}

function toGrant(
  response: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
): TokenGrant {
  const { access_token, refresh_token, id_token, token_type } = response
  if (token_type.toLowerCase() !== 'bearer') {
    throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'the token type is not Bearer')
  }
  const expiresIn = response.expires_in ?? assumedLifetime
  return {
    accessToken: access_token,
    expiresIn: Math.min(Math.max(0, Math.floor(expiresIn)), longestLifetime),
    refreshToken: refresh_token,
    idToken: id_token,
    claims: response.claims(),
  }
}
