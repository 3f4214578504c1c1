import { createSecret, type ErrorCode, errorCode, type Secret } from '@sallyport/core'
import {
  type AccessTokenClaims,
  assertSender,
  type Realm,
  readPresentedToken,
  verifyAccessToken,
} from '@sallyport/core/access-token'
import { createDpopNonces } from '@sallyport/core/dpop'
import { type GuardContext, resolveContext } from './context.ts'
import { type GuardConfig, type GuardOptions, parseGuardOptions } from './guard-options.ts'
import type { GuardRequest } from './guard-request.ts'
import { createIssuerKeys } from './issuer-keys.ts'
import { type Refusal, refuse } from './refusal.ts'
import { missingSignIn, parseRequirement, permits, type Requirement } from './requirement.ts'

/** A request that is let through. */
export interface Permission {
  allowed: true
  claims: AccessTokenClaims
  /** To exchange it for a token of the next API. Never to pass it on as it is. */
  accessToken: Secret
  /** To be sent with the answer; lower-case names. A new `dpop-nonce`, or nothing. */
  headers: Readonly<Record<string, string>>
}

/** Stands before an API: lets requests through that bring an access token made for it. */
export interface Guard {
  /**
   * Judges one request. Never rejects for what a request brings; a refusal is a value, ready to
   * be sent.
   *
   * @throws TypeError for a requirement that is not one.
   */
  authorize(request: GuardRequest, requirement: Requirement): Promise<Permission | Refusal>

  /**
   * The answer for a failure behind the guard, such as one of a token exchange: the code's problem,
   * with this API's challenge where a new token would help.
   */
  refuse(code: ErrorCode): Refusal
}

/**
 * Creates the guard of an API. Nothing is fetched before the first token arrives.
 *
 * Checks the token, who presents it (`cnf`: DPoP, client certificates), the scopes, the kind of
 * subject, and how and when the person signed in. Does not check whether the subject may see the
 * very object it asks for: that only the API can know. Does not ask the issuer whether a token was
 * revoked. What proofs were used is remembered by this process alone unless the context has
 * `replays`.
 *
 * @throws `ERR_CONFIG_INVALID` for options that cannot be used.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9068.html RFC 9068},
 *   {@link https://www.rfc-editor.org/rfc/rfc6750.html RFC 6750},
 *   {@link https://www.rfc-editor.org/rfc/rfc9449.html RFC 9449},
 *   {@link https://www.rfc-editor.org/rfc/rfc8705.html RFC 8705},
 *   {@link https://www.rfc-editor.org/rfc/rfc9470.html RFC 9470}
 *
 * @example
 * ```ts
 * const guard = createGuard({ issuer: 'https://id.example', audience: 'https://api.example' })
 * const answer = await guard.authorize(
 *   { method: request.method, url: request.url, headers: request.rawHeaders },
 *   { scopes: ['orders.read'] },
 * )
 * if (answer.allowed) console.log(answer.claims.sub)
 * ```
 */
export function createGuard(options: GuardOptions, context: GuardContext = {}): Guard {
  const resolved = resolveContext(context)
  const parsed = parseGuardOptions(options)
  const { dpopNonceSecret, clockTolerance } = parsed
  const nonces = dpopNonceSecret && createDpopNonces(dpopNonceSecret, resolved)
  const config = { ...parsed, nonces, keys: createIssuerKeys(parsed, resolved) }
  const realm = toRealm(parsed)
  const log = resolved.telemetry?.log

  return {
    refuse: (code) => refuse(code, realm),

    async authorize(request, requirement) {
      const { scopes, acrValues, maxAge } = parseRequirement(requirement)
      const presented = readPresentedToken(request, realm.schemes)
      if (presented.kind === 'absent') return refuse('ERR_TOKEN_MISSING', realm)
      const { scheme } = presented
      if (presented.kind === 'malformed') {
        log?.warn({ reason: presented.reason }, 'Request refused')
        return refuse('ERR_REQUEST_INVALID', realm, { scheme })
      }
      const { accessToken } = presented
      try {
        const claims = await verifyAccessToken(accessToken, config, resolved)
        await assertSender({ request, scheme, accessToken, claims }, config, resolved)
        const { sub, client_id } = claims
        if (!permits(claims, requirement)) {
          log?.warn({ sub, client_id, scopes }, 'Access token does not allow this')
          return refuse('ERR_SCOPE_INSUFFICIENT', realm, { scheme, scopes })
        }
        const moment = { now: resolved.clock(), clockTolerance }
        const missing = missingSignIn(claims, requirement, moment)
        if (missing) {
          log?.info({ sub, client_id, missing }, 'Another sign-in is needed')
          const signIn = { missing, ...(acrValues && { acrValues }), ...(maxAge && { maxAge }) }
          return refuse('ERR_STEP_UP_REQUIRED', realm, { scheme, signIn })
        }
        const headers: Record<string, string> =
          nonces && scheme === 'DPoP' ? { 'dpop-nonce': nonces.current() } : {}
        return { allowed: true, claims, accessToken: createSecret(accessToken), headers }
      } catch (error) {
        const code = errorCode(error)
        log?.warn({ code, reason: (error as Error).message }, 'Access token refused')
        const dpopNonce = code === 'ERR_DPOP_NONCE_REQUIRED' ? nonces?.current() : undefined
        return refuse(code, realm, { scheme, dpopNonce })
      }
    },
  }
}

const schemes = {
  accepted: ['Bearer', 'DPoP'],
  required: ['DPoP'],
  off: ['Bearer'],
} as const

function toRealm({ audience, dpop, dpopAlgorithms }: GuardConfig): Realm {
  return { realm: audience, schemes: schemes[dpop], dpopAlgorithms }
}
