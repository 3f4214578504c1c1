import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { isName, isRecord } from './json-values.ts'
import { invalidRequest, type SetRefusal } from './set-refusal.ts'

/** What a security event token must be. Times in seconds. */
export interface SetDemands {
  readonly issuer: string
  readonly audience: string
  readonly keys: JWTVerifyGetKey
  readonly now: number
  /** It was issued no longer ago than this. */
  readonly maxAge: number
}

/** A security event token that is its transmitter's, for us, and of now. */
export interface SecurityEventToken {
  readonly jti: string
  readonly issuedAt: number
  /** `toe`, when it has one. */
  readonly occurredAt?: number
  /** `sub_id`, as it came. */
  readonly subject: unknown
  /** By event type. */
  readonly events: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Seconds by which two clocks may differ. */
export const clockTolerance = 10

const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/** What other kinds of JWT have and a SET of Shared Signals may not. */
const foreignClaims = ['sub', 'exp', 'nonce']

/**
 * Verifies a security event token. What it says about whom is not looked at.
 *
 * @throws what `keys` throws while there are none.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8417.html#section-2 RFC 8417, section 2}
 */
export async function verifySet(
  set: string,
  demands: SetDemands,
): Promise<SecurityEventToken | SetRefusal> {
  const { issuer, audience, keys, now, maxAge } = demands
  try {
    const { payload } = await jwtVerify(set, keys, {
      ...{ issuer, audience, algorithms, clockTolerance, maxTokenAge: maxAge },
      typ: 'secevent+jwt',
      requiredClaims: ['iat', 'jti', 'events'],
      currentDate: new Date(now * 1000),
    })
    return toToken(payload)
  } catch (error) {
    if (error instanceof errors.JOSEError) return toRefusal(error)
    throw error
  }
}

function toToken(payload: JWTPayload): SecurityEventToken | SetRefusal {
  const { jti, iat, toe, events, sub_id: subject } = payload
  const foreign = foreignClaims.find((name) => name in payload)
  if (foreign) return invalidRequest(`a security event token has no ${foreign}`)
  if (!isName(jti)) return invalidRequest('jti is no identifier')
  if (toe !== undefined && typeof toe !== 'number') return invalidRequest('toe is no time')
  if (!isRecord(events) || Object.keys(events).length === 0) {
    return invalidRequest('events is no object of events')
  }
  if (!Object.values(events).every(isRecord)) return invalidRequest('an event is no object')
  const occurredAt = toe === undefined ? {} : { occurredAt: toe }
  return {
    ...{ jti, issuedAt: iat as number, ...occurredAt, subject },
    events: events as SecurityEventToken['events'],
  }
}

/** Says which rule does not hold, in words of ours: the library's may quote the token. */
function toRefusal(error: errors.JOSEError): SetRefusal {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    const { claim } = error
    if (claim === 'iss') return { err: 'invalid_issuer', description: 'iss is not accepted' }
    if (claim === 'aud') return { err: 'invalid_audience', description: 'aud is not this receiver' }
    return invalidRequest(`${claim} is missing or not accepted`)
  }
  if (
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSEAlgNotAllowed
  ) {
    return { err: 'invalid_key', description: 'the signature is not by an accepted key' }
  }
  return invalidRequest('not a signed security event token')
}
