import type { AsyncLocalStorage } from 'node:async_hooks'
import { SallyportError } from '@sallyport/core'
import * as client from 'openid-client'
import type { IssuerConfig } from '../options/issuer-options.ts'
import { createDpopHandle, type DpopKey, type DpopNonces } from './dpop-key.ts'
import { attempt } from './failure.ts'
import type { SignInDemands, SignInSecrets } from './sign-in.ts'
import { bindingOf, type TokenGrant, toGrant } from './token-grant.ts'

/** What every request for an access token may say. */
export interface TokenRequest {
  /** The resource server it is for (RFC 8707). */
  readonly resource?: string | undefined
  /** The same for issuers with a parameter of their own. */
  readonly audience?: string | undefined
  readonly scopes?: readonly string[] | undefined
  /** What the token will be bound to; must be there when `senderConstraint` is `dpop`. */
  readonly dpopKey?: DpopKey | undefined
  /** See {@link BeforeSending}. */
  readonly beforeSending?: BeforeSending | undefined
}

/**
 * Called right before a request leaves, also when it is repeated with a DPoP nonce. What it throws
 * keeps the request back, and is what the call rejects with.
 */
export type BeforeSending = () => void

/** A session's next access token. */
export interface RefreshRequest extends TokenRequest {
  readonly refreshToken: string
  /** Whose session it is: an ID token that comes back must be about the same person. */
  readonly subject: string
}

/** One access token for another. */
export interface ExchangeRequest extends TokenRequest {
  /** An access token of the person's. */
  readonly subjectToken: string
}

/** All that is asked of the token endpoint. What it gives is bound as the options want it. */
export interface TokenEndpoint {
  redeem(
    callback: URL,
    secrets: SignInSecrets & SignInDemands,
    resource?: string,
  ): Promise<TokenGrant>
  refresh(request: RefreshRequest): Promise<TokenGrant>
  clientCredentials(request: TokenRequest): Promise<TokenGrant>
  /** @throws `ERR_LOGIN_REQUIRED` when the issuer does not accept the subject token. */
  exchange(request: ExchangeRequest): Promise<TokenGrant>
}

type TokenResponse = client.TokenEndpointResponse & client.TokenEndpointResponseHelpers
type Ask = (
  provider: client.Configuration,
  options: { DPoP?: client.DPoPHandle },
) => Promise<TokenResponse>

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'

/** What the token endpoint is asked with. */
export interface TokenEndpointParts {
  configuration: () => Promise<client.Configuration>
  nonces: DpopNonces
  /** Leads from a request to the `fetch` that the protocol library makes of it. */
  sending: AsyncLocalStorage<BeforeSending>
}

export function createTokenEndpoint(
  config: IssuerConfig,
  { configuration, nonces, sending }: TokenEndpointParts,
): TokenEndpoint {
  async function ask(
    { dpopKey, beforeSending = () => {} }: Pick<TokenRequest, 'dpopKey' | 'beforeSending'>,
    call: Ask,
  ): Promise<TokenGrant> {
    const isBound = config.senderConstraint === 'dpop'
    if (isBound && !dpopKey) throw new TypeError('senderConstraint dpop: a dpopKey is needed')
    const provider = await configuration()
    const binding = await bindingOf(config, dpopKey)
    const proof =
      isBound && dpopKey ? { DPoP: await createDpopHandle(provider, dpopKey, nonces) } : {}
    return attempt(async () =>
      toGrant(await sending.run(beforeSending, () => call(provider, proof)), binding),
    )
  }

  /** A subject token that is not accepted is no fault of ours: whoever brought it needs a new one. */
  async function ofSubject(request: ExchangeRequest, call: Ask): Promise<TokenGrant> {
    try {
      return await ask(request, call)
    } catch (cause) {
      if (!isSubjectRefused(cause)) throw cause
      throw new SallyportError('ERR_LOGIN_REQUIRED', 'the subject token is refused', { cause })
    }
  }

  return {
    redeem(callback, secrets, resource) {
      const { state, nonce, codeVerifier, dpopKey, parameters } = secrets
      const maxAge = parameters?.max_age
      const checks = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
        ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
      }
      return ask({ dpopKey }, (provider, options) =>
        client.authorizationCodeGrant(
          provider,
          callback,
          checks,
          toParameters({ resource }),
          options,
        ),
      )
    },

    async refresh({ refreshToken, subject, ...request }) {
      const parameters = toParameters(request)
      const grant = await ask(request, (provider, options) =>
        client.refreshTokenGrant(provider, refreshToken, parameters, options),
      )
      if (grant.claims && grant.claims.sub !== subject) {
        throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'a refresh changed the subject')
      }
      return grant
    },

    clientCredentials: (request) =>
      ask(request, (provider, options) =>
        client.clientCredentialsGrant(provider, toParameters(request), options),
      ),

    exchange: (request) =>
      ofSubject(request, async (provider, options) => {
        const parameters = {
          ...toParameters(request),
          subject_token: request.subjectToken,
          subject_token_type: accessTokenType,
          requested_token_type: accessTokenType,
        }
        const response = await client.genericGrantRequest(
          ...([provider, exchangeGrant, parameters, options] as const),
        )
        assertAccessToken(response.issued_token_type)
        return response
      }),
  }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc8693.html#section-2.2.2 RFC 8693, section 2.2.2} */
function isSubjectRefused(error: unknown): boolean {
  const cause = error instanceof SallyportError ? error.cause : undefined
  return cause instanceof client.ResponseBodyError && cause.error === 'invalid_request'
}

function toParameters({ resource, audience, scopes }: TokenRequest): Record<string, string> {
  return {
    ...(resource !== undefined && { resource }),
    ...(audience !== undefined && { audience }),
    ...(scopes !== undefined && { scope: scopes.join(' ') }),
  }
}

/**
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693.html#section-2.2.1 RFC 8693, section 2.2.1}
 */
function assertAccessToken(issuedTokenType: unknown): void {
  if (issuedTokenType === accessTokenType || issuedTokenType === jwtType) return
  throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'what was exchanged is no access token')
}
