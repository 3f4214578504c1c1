import { type ErrorCode, errorCatalogue, toProblem } from '@sallyport/core'
import { type ChallengeDetails, type Realm, toChallenge } from '@sallyport/core/access-token'

/** The answer to a request that is not let through. */
export interface Refusal {
  allowed: false
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  /** Body, `application/problem+json`. */
  problem: ReturnType<typeof toProblem>
}

/** What a request lacks. */
export interface RefusalDetails extends ChallengeDetails {
  /** To be used in the next proof. */
  dpopNonce?: string | undefined
}

/** Seconds after which it makes sense to ask again. */
const retryAfter = 5

/** Answers with a code's problem, and the challenge where a token would help. */
export function refuse(code: ErrorCode, realm: Realm, details: RefusalDetails = {}): Refusal {
  const { status } = errorCatalogue[code]
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  }
  if (status === 503) headers['retry-after'] = String(retryAfter)
  if (details.dpopNonce !== undefined) headers['dpop-nonce'] = details.dpopNonce
  const challenge = toChallenge(code, realm, details)
  if (challenge !== undefined) headers['www-authenticate'] = challenge
  return { allowed: false, status, headers, problem: toProblem(code) }
}
