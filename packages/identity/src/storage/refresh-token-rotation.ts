import { type Clock, randomToken, type Sealer } from '@sallyport/core'
import { errors } from 'oidc-provider'
import type { Expiring, Storage } from './environment.ts'

/** What a refresh token's row says of its rotation. */
export interface RotationRow extends Expiring {
  /** When it was redeemed, in seconds since the epoch. */
  consumed?: number
  dead?: true
  /** The refresh token that follows it, sealed. */
  successor?: string
}

/** What rotation works with. */
export interface RotationContext {
  storage: Storage
  sealer: Sealer
  clock: Clock
  /** Seconds that a redeemed refresh token is still answered. 0: not at all. */
  refreshTokenGrace: number
}

/** Whether a redeemed refresh token still gets the answer that its first redemption got. */
export function isInGrace(row: RotationRow, { clock, refreshTokenGrace }: RotationContext) {
  if (row.consumed === undefined || row.successor === undefined) return false
  return clock() < row.consumed + refreshTokenGrace
}

/**
 * Redeems a refresh token and names its successor. The first redemption chooses it, in the same
 * transaction that spends the token; whoever comes within the grace, in whichever process, is
 * named the same. So is who comes after a process died between the two.
 *
 * @throws InvalidGrant for a token that is revoked, or was redeemed longer ago than the grace.
 */
export async function rotate(key: string, context: RotationContext): Promise<string> {
  const { storage, sealer, clock } = context
  const candidate = randomToken()
  const successor = await storage.transact((write) => {
    const row = storage.get<RotationRow>(key)
    if (!row || row.dead) return undefined
    if (isInGrace(row, context)) return sealer.open(String(row.successor), successorOf(key))
    if (row.consumed !== undefined) return undefined
    write.put<RotationRow>(key, {
      ...row,
      consumed: clock(),
      successor: sealer.seal(candidate, successorOf(key)),
    })
    return candidate
  })
  if (successor === undefined) throw new errors.InvalidGrant('it was used before')
  return successor
}

const successorOf = (key: string) => `${key}:successor`
