import { SallyportError } from '@sallyport/core'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { TokenGrant } from '../oidc/token-grant.ts'

/** What becomes of a request: it never arrives, is carried out but its answer is lost, or is well. */
export type Fate = 'well' | 'down' | 'lost'

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
  isAnswered: boolean
  /** What was answered has been given to a request, so it must have been stored. */
  isUsed: boolean
  /** Whether the sender can still be taken to be about to write down what it learned. */
  isSenderTrusted(): boolean
}

/**
 * An issuer by the book: it rotates refresh tokens at each use, gives one that comes again the same
 * successor for `grace` seconds, and after that ends the whole family (RFC 9700 section 4.14.2).
 */
export function createModelIssuer(options: {
  clock: () => number
  grace: number
  /** Seconds after which nobody need wait for a process that has sent something. */
  trust: number
}) {
  const { clock, grace, trust } = options
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
    const grant = { accessToken, tokenType: 'Bearer' as const, expiresIn: 100 }
    return { grant: { ...grant, refreshToken: found.successor } }
  }

  return {
    /**
     * Refresh tokens that were sent again although the answer had arrived at a process that had stored
     * it, or that was alive and not overdue. Empty when all is well.
     */
    violations,
    signIn: (subject: string) => issue({ subject, isRevoked: false }),
    isRevoked: (refreshToken: string) => refreshTokens.get(refreshToken)?.family.isRevoked,

    noteUse(accessToken: string): void {
      const sending = sendings.get(accessToken)
      if (sending) sending.isUsed = true
    },

    endFamily(refreshToken: string): void {
      const found = refreshTokens.get(refreshToken)
      if (found) found.family.isRevoked = true
    },

    /** The issuer as one process sees it. `isAlive` tells whether an answer finds anybody. */
    clientOf(process: { isAlive(): boolean; fate(): Fate; travel(what: string): Promise<void> }) {
      const client: Pick<OidcClient, 'refresh' | 'revoke'> = {
        async refresh({ refreshToken }) {
          const fate = process.fate()
          const sentAt = clock()
          const sending: Sending = {
            ...{ isAnswered: false, isUsed: false },
            isSenderTrusted: () => process.isAlive() && clock() < sentAt + trust,
          }
          const sentBy = refreshTokens.get(refreshToken)?.sentBy ?? []
          if (fate === 'down') {
            await process.travel('a refused connection')
            throw new SallyportError('ERR_IDP_UNAVAILABLE', 'down', { cause: new Error('refused') })
          }
          const isNeedless = sentBy.some(
            ({ isAnswered, isUsed, isSenderTrusted }) =>
              isAnswered && (isUsed || isSenderTrusted()),
          )
          if (isNeedless) violations.push(refreshToken)
          sentBy.push(sending)
          await process.travel('a refresh')
          const { grant } = redeem(refreshToken)
          await process.travel('what it brings')
          if (fate === 'lost') {
            throw new SallyportError('ERR_IDP_UNAVAILABLE', 'lost', { cause: new Error('reset') })
          }
          sending.isAnswered = process.isAlive()
          if (!grant) throw new SallyportError('ERR_LOGIN_REQUIRED', 'invalid_grant')
          sendings.set(grant.accessToken, sending)
          return grant
        },

        async revoke(refreshToken) {
          await process.travel('a revocation')
          const found = refreshTokens.get(refreshToken)
          if (found) found.family.isRevoked = true
        },
      }
      return client as OidcClient
    },
  }
}
