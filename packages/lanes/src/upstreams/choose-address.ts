import { isInUse, readinessOf, type UpstreamAddress } from './upstream-address.ts'

/** What an exchange asks of an address. */
export interface Wanted {
  /** Whether it can be sent again if it fails: only such a request is a trial when others are in use. */
  isRepeatable: boolean
  /** Where it has just failed: taken only if there is no other. */
  avoid?: UpstreamAddress
  /** `avoid` is not taken at all. */
  mustDiffer?: boolean
}

export interface ChoiceParts {
  /** Exchanges at a time with one address. */
  limit: number
  /** Seconds. */
  now: () => number
  /** From 0 to 1. */
  random: () => number
}

/**
 * The address with the fewest exchanges under way, by chance among equals; before all, one whose
 * pause is over, if the request may be its trial.
 *
 * @returns `undefined` when none has room.
 */
export function chooseAddress(
  addresses: readonly UpstreamAddress[],
  wanted: Wanted,
  parts: ChoiceParts,
): UpstreamAddress | undefined {
  let best: UpstreamAddress | undefined
  let equals = 0
  let others = 0
  let hasPaused = false
  for (const address of addresses) {
    if (address === wanted.avoid) continue
    if (!isInUse(address)) {
      hasPaused = true
      continue
    }
    others += 1
    if (address.active >= parts.limit || (best && address.active > best.active)) continue
    equals = best && address.active === best.active ? equals + 1 : 1
    if (equals === 1 || parts.random() * equals < 1) best = address
  }
  if (hasPaused && (others === 0 || wanted.isRepeatable)) {
    const now = parts.now()
    const trial = addresses.find(
      (address) => address !== wanted.avoid && readinessOf(address, now) === 'trial',
    )
    if (trial) return trial
  }
  if (best || !wanted.avoid || wanted.mustDiffer) return best
  const { avoid, mustDiffer: _, ...rest } = wanted
  return chooseAddress([avoid], rest, parts)
}
