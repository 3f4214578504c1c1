import { type Clock, SallyportError } from '@sallyport/core'
import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { OidcClient } from './oidc/oidc-client.ts'
import type { BffConfig } from './options.ts'

/** Whose sessions a logout token ends. */
export interface LogoutOrder {
  readonly issuer: string
  readonly sid?: string
  readonly subject?: string
  /** Unique to this token: a second delivery has the same. */
  readonly jti: string
}

/** Verifies logout tokens, or rejects with `ERR_LOGOUT_TOKEN_INVALID`. */
export type LogoutTokenVerifier = (logoutToken: string) => Promise<LogoutOrder>

const event = 'http://schemas.openid.net/event/backchannel-logout'
/** An issuer signs one for the moment; what is older has been lying around. */
const oldest = 300
const clockTolerance = 10

/**
 * Creates a verifier for one issuer. Its keys are fetched when the first token comes, and again for
 * an unknown `kid`, at most once a cooldown.
 *
 * @throws `ERR_IDP_UNAVAILABLE` while keys cannot be had: the issuer may deliver again.
 * @see {@link https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation Back-Channel Logout 1.0, section 2.6}
 */
export function createLogoutTokenVerifier(
  config: BffConfig,
  oidc: OidcClient,
  clock: Clock,
): LogoutTokenVerifier {
  return async (logoutToken) => {
    const { issuer, keys, idTokenAlgorithms } = await oidc.signing()
    try {
      const { payload, protectedHeader } = await jwtVerify(logoutToken, keys, {
        issuer,
        clockTolerance,
        audience: config.clientId,
        algorithms: idTokenAlgorithms,
        requiredClaims: ['iat', 'exp', 'jti', 'events'],
        maxTokenAge: oldest,
        currentDate: new Date(clock() * 1000),
      })
      assertTyp(protectedHeader.typ, config)
      return toOrder(payload, issuer)
    } catch (cause) {
      if (cause instanceof SallyportError) throw cause
      if (cause instanceof errors.JOSEError) throw invalid(cause.message, cause)
      throw cause
    }
  }
}

/**
 * @see {@link https://openid.net/specs/openid-connect-backchannel-1_0.html#CrossJWT Back-Channel Logout 1.0, section 4.1}
 */
function assertTyp(typ: string | undefined, { logout }: BffConfig): void {
  const name = typ?.toLowerCase().replace(/^application\//, '')
  if (name === 'logout+jwt') return
  if (logout.backchannel.typ === 'optional' && (name === undefined || name === 'jwt')) return
  throw invalid('typ is not logout+jwt')
}

function toOrder(payload: JWTPayload, issuer: string): LogoutOrder {
  const { sub: subject, sid, jti, events } = payload
  if (!isRecord(events) || !isRecord(events[event])) throw invalid('no back-channel logout event')
  if ('nonce' in payload) throw invalid('a nonce: this is an ID token')
  if (!isName(jti)) throw invalid('jti is no name')
  if (sid !== undefined && !isName(sid)) throw invalid('sid is no name')
  if (subject !== undefined && !isName(subject)) throw invalid('sub is no name')
  if (sid === undefined && subject === undefined) throw invalid('neither sid nor sub')
  return { issuer, jti, ...(sid && { sid }), ...(subject && { subject }) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 255
}

function invalid(problem: string, cause?: unknown): SallyportError {
  return new SallyportError('ERR_LOGOUT_TOKEN_INVALID', `logout token: ${problem}`, { cause })
}
