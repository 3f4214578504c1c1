import { AsyncLocalStorage } from 'node:async_hooks'
import { type Clock, SallyportError } from '@sallyport/core'
import { paths } from '@sallyport/core/contract'
import type { Telemetry } from '@sallyport/telemetry'
import type { JWTVerifyGetKey } from 'jose'
import * as client from 'openid-client'
import type { SignOutMetadata } from '../logout/issuer-logout.ts'
import type { IssuerConfig } from '../options/issuer-options.ts'
import { toAuthorizationUrl } from './authorization-request.ts'
import {
  type AuthorizationResponse,
  assertSentByIssuer,
  readResponse,
  readSignedResponse,
} from './authorization-response.ts'
import { createDpopKey, createDpopNonces, type DpopNonces } from './dpop-key.ts'
import { attempt } from './failure.ts'
import { createIssuerFetch } from './issuer-fetch.ts'
import { createIssuerKeys } from './issuer-keys.ts'
import { allowedAlgorithms, discover, wellKnown } from './provider.ts'
import type { SignInDemands, SignInSecrets } from './sign-in.ts'
import {
  type BeforeSending,
  createTokenEndpoint,
  type ExchangeRequest,
  type RefreshRequest,
  type TokenRequest,
} from './token-endpoint.ts'
import type { TokenGrant } from './token-grant.ts'

/** The issuer, as the BFF needs it. The one place that speaks its protocol. */
export interface OidcClient {
  /** Loads the issuer's metadata if that has not been done. */
  prepare(): Promise<void>
  /** With a DPoP key when access tokens are bound to one. */
  newSecrets(): SignInSecrets
  /** @throws `ERR_IDP_REQUEST_REFUSED` when the issuer refuses a request that is pushed to it. */
  authorizationUrl(
    secrets: SignInSecrets & SignInDemands,
    resources: readonly string[],
  ): Promise<URL>
  /**
   * Reads the query that a browser came back with; `undefined` for none that can be an answer. When
   * responses are signed, what it gives is verified to be this issuer's, for this client, of now.
   */
  readResponse(query: string): Promise<AuthorizationResponse | undefined>
  /**
   * Validates an authorization response and redeems its code. State, `iss`, nonce, PKCE, the ID
   * token's signature and claims, and the `acr` and `auth_time` asked for all hold when it resolves.
   */
  redeem(
    response: AuthorizationResponse,
    secrets: SignInSecrets & SignInDemands,
    resource?: string,
  ): Promise<TokenGrant>
  /** `invalid_grant` rejects with `ERR_LOGIN_REQUIRED`: this refresh token is dead. */
  refresh(request: RefreshRequest): Promise<TokenGrant>
  /** An access token for the BFF itself (RFC 6749 section 4.4). */
  clientCredentials(request: TokenRequest): Promise<TokenGrant>
  /** Another access token for the same person (RFC 8693). */
  exchange(request: ExchangeRequest): Promise<TokenGrant>
  revoke(token: string, hint: 'access_token' | 'refresh_token'): Promise<void>
  /** How to tell what the issuer signed. */
  signing(): Promise<IssuerSigning>
  /** What the issuer says about ending its sessions, when it has answered lately. */
  signOutMetadata(): Promise<SignOutMetadata>
  /** The latest DPoP nonce of each server, for whoever makes proofs for others than the issuer. */
  readonly dpopNonces: DpopNonces
}

/** How an issuer signs. */
export interface IssuerSigning {
  readonly issuer: string
  readonly keys: JWTVerifyGetKey
  /** Of ID tokens and logout tokens; asymmetric ones only. */
  readonly idTokenAlgorithms: string[]
}

/** Seconds for which an issuer that has answered is taken to be there. */
const reachableFor = 5

/** Creates the client. Nothing is asked of the issuer before it is needed; failures are retried. */
export function createOidcClient(
  config: IssuerConfig & { readonly publicUrl: URL; readonly basePath: string },
  telemetry: Telemetry,
  clock: Clock,
): OidcClient {
  const redirectUri = new URL(`${config.basePath}${paths.callback}`, config.publicUrl).href
  const dpopNonces = createDpopNonces()
  const sending = new AsyncLocalStorage<BeforeSending>()
  const fetch = createIssuerFetch(config, {
    ...{ telemetry, clock, nonces: dpopNonces },
    beforePost: () => sending.getStore()?.(),
  })
  const tokenEndpoint = createTokenEndpoint(config, {
    ...{ configuration, nonces: dpopNonces, sending },
  })
  let pending: Promise<client.Configuration> | undefined
  let keys: JWTVerifyGetKey | undefined
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

  async function issuerKeys(): Promise<JWTVerifyGetKey> {
    const { jwks_uri: jwksUri } = (await configuration()).serverMetadata()
    if (!jwksUri) throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'there is no jwks_uri')
    keys ??= createIssuerKeys(jwksUri, fetch)
    return keys
  }

  return {
    dpopNonces,

    async prepare() {
      await configuration()
    },

    newSecrets: () => ({
      state: client.randomState(),
      nonce: client.randomNonce(),
      codeVerifier: client.randomPKCECodeVerifier(),
      ...(config.senderConstraint === 'dpop' && { dpopKey: createDpopKey() }),
    }),

    async authorizationUrl(secrets, resources) {
      const provider = await reachable()
      const request = { secrets, redirectUri, resources }
      return attempt(() => toAuthorizationUrl(provider, config, request))
    },

    async readResponse(query) {
      const parameters = new URLSearchParams(query)
      if (config.responseMode === 'query') return readResponse(parameters)
      if (!parameters.has('response')) return undefined
      const metadata = (await configuration()).serverMetadata()
      const { issuer, authorization_signing_alg_values_supported: supported } = metadata
      return readSignedResponse(parameters, {
        ...{ issuer, clientId: config.clientId, now: clock(), keys: await issuerKeys() },
        algorithms: allowedAlgorithms(supported, config),
      })
    },

    async redeem(response, secrets, resource) {
      const provider = await configuration()
      assertSentByIssuer(response, provider.serverMetadata())
      const callback = new URL(`?${response.parameters}`, redirectUri)
      const grant = await tokenEndpoint.redeem(callback, secrets, resource)
      assertAcr(grant, secrets.parameters?.acr_values)
      assertAsked(grant, secrets)
      return grant
    },

    refresh: tokenEndpoint.refresh,
    clientCredentials: tokenEndpoint.clientCredentials,
    exchange: tokenEndpoint.exchange,

    async revoke(token, hint) {
      const provider = await configuration()
      if (!provider.serverMetadata().revocation_endpoint) return
      await attempt(() => client.tokenRevocation(provider, token, { token_type_hint: hint }))
    },

    async signing() {
      const { issuer, id_token_signing_alg_values_supported: supported } = (
        await configuration()
      ).serverMetadata()
      const idTokenAlgorithms = allowedAlgorithms(supported, config)
      return { issuer, keys: await issuerKeys(), idTokenAlgorithms }
    },

    async signOutMetadata() {
      const metadata = (await reachable()).serverMetadata()
      const { prompt_values_supported: promptValues } = metadata
      return {
        endSessionEndpoint: metadata.end_session_endpoint,
        authorizationEndpoint: metadata.authorization_endpoint,
        promptValues: Array.isArray(promptValues) ? promptValues.map(String) : undefined,
      }
    },
  }
}

/** An issuer may answer `acr_values` with something else: then this is not what was asked for. */
function assertAcr({ claims }: TokenGrant, acrValues: string | undefined): void {
  if (acrValues === undefined || acrValues.split(' ').includes(String(claims?.acr))) return
  throw new SallyportError('ERR_ACR_NOT_MET', 'the acr is none of those asked for')
}

/** Seconds that the issuer's clock may be behind ours, at most. */
const clockDifference = 60

/**
 * With `prompt=login` the person was to show that they are there: a parameter that somebody at this
 * browser can take out of the address. An issuer that says when it last asked is believed.
 */
function assertAsked({ claims }: TokenGrant, { parameters, createdAt }: SignInDemands): void {
  const { auth_time: authTime } = claims ?? {}
  if (!parameters?.prompt?.split(' ').includes('login')) return
  if (createdAt === undefined || authTime === undefined) return
  if (authTime + clockDifference >= createdAt) return
  throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'prompt=login was asked, and nobody was')
}
