import { SallyportError } from '@sallyport/core'
import {
  type AccessTokenClaims,
  assertSender,
  defaultSignatureAlgorithms,
  isClientToken,
  type ProofContext,
  scopesOf,
  type TokenRequestHead,
  type TokenScheme,
  verifyAccessToken,
} from '@sallyport/core/access-token'
import type { DpopNonces } from '@sallyport/core/dpop'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { BearerConfig } from '../options/caller-options.ts'
import { fapi2Algorithms } from '../options/fapi2.ts'
import type { RouteConfig } from '../options/route-options.ts'
import type { BffConfig } from '../options.ts'
import type { UpstreamToken } from './credentials.ts'
import type { ExchangedTokens } from './exchanged-tokens.ts'
import { clockTolerance, proofRules } from './proof-rules.ts'
import { toTokenRequest } from './token-request.ts'

/** A token as it came with a request. */
export interface PresentedCaller {
  readonly request: TokenRequestHead
  readonly scheme: TokenScheme
  readonly accessToken: string
}

/** A caller that is let in. */
export interface Admission {
  /** What goes on in place of what it brought. */
  readonly upstreamToken: UpstreamToken
  readonly signIn: SignInFacts
  /** Where its person signs in anew, below the base path; absent: where it got its token. */
  readonly loginPath?: string
}

/** What is known of how and when a person signed in. */
export interface SignInFacts {
  readonly acr: unknown
  readonly authTime: number | undefined
  /** When it became a session here. */
  readonly createdAt: number | undefined
}

/** Judges callers that bring an access token of their own, and finds what goes on in its place. */
export interface BearerCallers {
  /**
   * @throws `ERR_TOKEN_INVALID`, `ERR_DPOP_PROOF_INVALID` or `ERR_SCOPE_INSUFFICIENT` for a caller
   *   that is not let in; `ERR_TOKEN_UNAVAILABLE` when nothing can be had for this route;
   *   `ERR_LOGIN_REQUIRED` for a token that the issuer does not believe any more; what says that
   *   issuer or store cannot be asked.
   */
  admit(caller: PresentedCaller, route: RouteConfig): Promise<Admission>
}

/** What it is made of. */
export interface BearerCallersOptions extends ProofContext {
  config: Pick<BffConfig, 'publicUrl' | 'profile'> & { readonly bearer: BearerConfig }
  oidc: Pick<OidcClient, 'signing'>
  exchangedTokens: ExchangedTokens
  nonces: DpopNonces | undefined
}

/**
 * Creates the judge. Nothing is fetched before the first token arrives. Tokens are the configured
 * issuer's alone, as the same issuer must exchange them.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068.html#section-4 RFC 9068, section 4}
 */
export function createBearerCallers(options: BearerCallersOptions): BearerCallers {
  const { config, oidc, clock, replays, exchangedTokens, nonces } = options
  const { audience } = config.bearer
  const rules = proofRules(config.publicUrl, nonces)
  const algorithms = config.profile === 'fapi2' ? fapi2Algorithms : defaultSignatureAlgorithms

  return {
    async admit({ request, scheme, accessToken }, route) {
      const { issuer, keys } = await oidc.signing()
      const expected = { issuer, audience, algorithms, clockTolerance, keys }
      const claims = await verifyAccessToken(accessToken, expected, { clock })
      await assertSender({ request, scheme, accessToken, claims }, rules, { clock, replays })
      assertPermitted(claims, route)
      const subjectToken = { accessToken, expiresAt: claims.exp }
      const upstreamToken = await exchangedTokens.forSubject(subjectToken, toTokenRequest(route))
      const { acr, auth_time: authTime } = claims
      const signIn = { acr, authTime: isTime(authTime) ? authTime : undefined }
      return { upstreamToken, signIn: { ...signIn, createdAt: undefined } }
    },
  }
}

function isTime(claim: unknown): claim is number {
  return typeof claim === 'number' && Number.isFinite(claim)
}

/** These routes take a user's token: a client that acts for itself is none. */
function assertPermitted(claims: AccessTokenClaims, { callerScopes = [] }: RouteConfig): void {
  const granted = new Set(scopesOf(claims))
  if (!isClientToken(claims) && callerScopes.every((scope) => granted.has(scope))) return
  throw new SallyportError('ERR_SCOPE_INSUFFICIENT', 'the token does not allow this')
}
