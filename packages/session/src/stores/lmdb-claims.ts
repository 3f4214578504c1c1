import { type EpochSeconds, sha256 } from '@sallyport/core'
import type { LmdbEnvironment } from './lmdb-environment.ts'

/** Remembers an id that may be used once; see `SessionStore.claim`. */
export async function claimOnce(
  { claims, claimEnds }: LmdbEnvironment,
  claim: { id: string; expiresAt: EpochSeconds; now: EpochSeconds },
): Promise<boolean> {
  const { id, expiresAt, now } = claim
  if (expiresAt <= now) return false
  const key = sha256(id)
  claims.resetReadTxn()
  const earlier = claims.getEntry(key)?.version
  if (earlier !== undefined && now < earlier) return false

  const write = () => {
    claims.put(key, '', expiresAt)
    claimEnds.put([expiresAt, key], JSON.stringify([expiresAt]))
    if (earlier !== undefined) claimEnds.remove([earlier, key])
  }
  return earlier === undefined
    ? claims.ifNoExists(key, write)
    : claims.ifVersion(key, earlier, write)
}
