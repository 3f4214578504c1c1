import { createLocalJWKSet, type JWK, errors as joseErrors, jwtVerify } from 'jose'
import { errors } from 'oidc-provider'
import type { AccountStore } from '../accounts/account-store.ts'

/** A person's access token that a client holds and wants to exchange. */
export interface SubjectToken {
  readonly subject: string
  readonly audience: string
  readonly scopes: ReadonlySet<string>
  /** Seconds since the epoch. */
  readonly expiresAt: number
  /** Who acted before: the token's own `act` (RFC 8693 section 4.1). */
  readonly act?: ActorClaim
  /** How and when the person signed in; handed on as it is. */
  readonly signIn: Record<string, unknown>
}

/** The `act` claim: the client that acts, and those before it. */
export interface ActorClaim {
  sub: string
  act?: ActorClaim
}

/** What a subject token is verified against. */
export interface SubjectTokenRules {
  issuer: string
  publicKey: JWK
  /** Audiences the calling client may exchange: its own. */
  audiences: readonly string[]
  /** Whether the calling client has verified who presented a token that is bound. */
  takesBound: boolean
  accounts: AccountStore
}

const signInClaims = ['acr', 'amr', 'auth_time']
const longestChain = 5

/**
 * Verifies a subject token: signed by this server as an access token (RFC 9068), unexpired, meant
 * for the calling client, and of a person, not of a client of its own right.
 *
 * @throws InvalidRequest for any token that is not acceptable (RFC 8693 section 2.2.2).
 */
export async function verifySubjectToken(
  token: string,
  rules: SubjectTokenRules,
): Promise<SubjectToken> {
  const { issuer, publicKey, audiences, takesBound, accounts } = rules
  const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [publicKey] }), {
    issuer,
    audience: [...audiences],
    typ: 'at+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['sub', 'exp', 'client_id'],
  }).catch((error: unknown) => {
    if (error instanceof joseErrors.JOSEError) throw refused(error.message)
    throw error
  })
  const { sub, aud, exp, scope, client_id: clientId, cnf } = payload
  if (typeof aud !== 'string' || typeof sub !== 'string' || typeof exp !== 'number') {
    throw refused('it has not the claims of an access token')
  }
  // A client's own token names the client as its subject (RFC 9068 section 2.2).
  if (sub === clientId || !accounts.find(sub)) throw refused('its subject is not a person')
  if (cnf !== undefined && !takesBound) throw refused('it is bound to a key')
  const act = parseActor(payload.act, 1)
  return {
    subject: sub,
    audience: aud,
    scopes: new Set(typeof scope === 'string' ? scope.split(' ') : []),
    expiresAt: exp,
    ...(act && { act }),
    signIn: Object.fromEntries(
      signInClaims.filter((name) => name in payload).map((name) => [name, payload[name]]),
    ),
  }
}

function parseActor(value: unknown, depth: number): ActorClaim | undefined {
  if (value === undefined) return undefined
  if (depth >= longestChain) throw refused('too many clients acted before')
  const { sub, act } = Object(value) as Record<string, unknown>
  if (typeof sub !== 'string') throw refused('its act claim is malformed')
  const prior = parseActor(act, depth + 1)
  return prior ? { sub, act: prior } : { sub }
}

function refused(problem: string): Error {
  return new errors.InvalidRequest(`subject_token is not acceptable: ${problem}`)
}
