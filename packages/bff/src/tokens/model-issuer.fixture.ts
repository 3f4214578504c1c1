import { SallyportError } from '@sallyport/core'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { TokenGrant } from '../oidc/token-grant.ts'
import type { ModelTime } from './model-time.fixture.ts'

/** What becomes of a request. */
export interface Fate {
  /**
   * It never arrives, is carried out but its answer is lost, is answered with a nonce for a second
   * attempt, or is well.
   */
  readonly kind: 'well' | 'down' | 'lost' | 'nonce'
  /** Milliseconds that it takes there and back. */
  readonly lateMs: number
}

/** Of whom the issuer is asked. */
export interface Asker {
  isAlive(): boolean
  fate(): Fate
  /** Goes on when the process does. */
  travel(what: string): Promise<void>
  /** Milliseconds for which it has been paused since then. */
  pausedMsSince(ms: number): number
}

interface RefreshToken {
  readonly family: Family
  readonly sentBy: Sending[]
  successor?: string
  consumedAt?: number
}

interface Family {
  readonly subject: string
  isRevoked: boolean
}

/** One time that a refresh token was sent. */
interface Sending {
  /** What the sender knows of it so far; of what is `lost` it knows that. */
  outcome: 'awaited' | 'answered' | 'lost'
  /** What was answered has been given to a request, so it must have been stored. */
  isUsed: boolean
  /** Whether the sender still holds its lease, as far as it is up to the sender. */
  isSenderTrusted(): boolean
}

/** Longer pauses may cost a lease: see `LeaseTimes`. All that is before the sending counts too. */
const pauses = { allowedMs: 1400, beforeMs: 1500 }

/**
 * An issuer by the book: it rotates refresh tokens at each use, gives one that comes again the same
 * successor for `grace` seconds, and after that ends the whole family (RFC 9700 section 4.14.2).
 */
export function createModelIssuer({ time, grace }: { time: ModelTime; grace: number }) {
  const clock = () => time.nowMs() / 1000
  const refreshTokens = new Map<string, RefreshToken>()
  const sendings = new Map<string, Sending>()
  const violations: string[] = []
  let count = 0

  function issue(family: Family): string {
    count += 1
    const refreshToken = `${family.subject}-refresh-${count}`
    refreshTokens.set(refreshToken, { family, sentBy: [] })
    return refreshToken
  }

  function redeem(refreshToken: string): { grant?: TokenGrant } {
    const found = refreshTokens.get(refreshToken)
    if (!found || found.family.isRevoked) return {}
    if (found.consumedAt !== undefined && clock() >= found.consumedAt + grace) {
      found.family.isRevoked = true
      return {}
    }
    found.consumedAt ??= clock()
    found.successor ??= issue(found.family)
    count += 1
    const accessToken = `${found.family.subject}-access-${count}`
    const grant = { accessToken, tokenType: 'Bearer' as const, expiresIn: 30 }
    return { grant: { ...grant, refreshToken: found.successor } }
  }

  function noteSending(refreshToken: string, asker: Asker): Sending {
    const sentAtMs = time.nowMs()
    const sentBy = refreshTokens.get(refreshToken)?.sentBy ?? []
    const needless = sentBy.find(
      ({ outcome, isUsed, isSenderTrusted }) => outcome !== 'lost' && (isUsed || isSenderTrusted()),
    )
    if (needless) violations.push(`${refreshToken} at ${sentAtMs}`)
    const sending: Sending = {
      ...{ outcome: 'awaited', isUsed: false },
      isSenderTrusted: () =>
        asker.isAlive() && asker.pausedMsSince(sentAtMs - pauses.beforeMs) <= pauses.allowedMs,
    }
    sentBy.push(sending)
    return sending
  }

  return {
    /**
     * Refresh tokens that were sent again although what they had brought was stored, or although
     * their sender was alive and waited for the answer, or had it. Empty when all is well.
     */
    violations,
    signIn: (subject: string) => issue({ subject, isRevoked: false }),
    isRevoked: (refreshToken: string) => refreshTokens.get(refreshToken)?.family.isRevoked,
    /** How many answers have arrived. */
    answers: () => sendings.size,

    noteUse(accessToken: string): void {
      const sending = sendings.get(accessToken)
      if (sending) sending.isUsed = true
    },

    endFamily(refreshToken: string): void {
      const found = refreshTokens.get(refreshToken)
      if (found) found.family.isRevoked = true
    },

    /** The issuer as one process sees it. */
    clientOf(asker: Asker) {
      const client: Pick<OidcClient, 'refresh' | 'revoke'> = {
        async refresh({ refreshToken, beforeSending }) {
          const { kind, lateMs } = asker.fate()
          await asker.travel('metadata')
          beforeSending?.()
          if (kind === 'nonce') {
            await time.sleep(lateMs)
            await asker.travel('a nonce')
            beforeSending?.()
          }
          if (kind === 'down') {
            await asker.travel('a refused connection')
            throw new SallyportError('ERR_IDP_UNAVAILABLE', 'down', { cause: new Error('refused') })
          }
          const sending = noteSending(refreshToken, asker)
          await time.sleep(lateMs / 2)
          const { grant } = redeem(refreshToken)
          await time.sleep(lateMs / 2)
          await asker.travel('what it brings')
          if (kind === 'lost') {
            sending.outcome = 'lost'
            throw new SallyportError('ERR_IDP_UNAVAILABLE', 'lost', { cause: new Error('reset') })
          }
          sending.outcome = 'answered'
          if (!grant) throw new SallyportError('ERR_LOGIN_REQUIRED', 'invalid_grant')
          sendings.set(grant.accessToken, sending)
          return grant
        },

        async revoke(refreshToken) {
          await asker.travel('a revocation')
          const found = refreshTokens.get(refreshToken)
          if (found) found.family.isRevoked = true
        },
      }
      return client as OidcClient
    },
  }
}
