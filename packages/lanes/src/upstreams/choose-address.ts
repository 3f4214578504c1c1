import { isInUse, readinessOf, type UpstreamAddress } from './upstream-address.ts'

/** What an exchange asks of an address. */
export interface Wanted {
  /** Whether it can be sent again if it fails: only such a request is a trial when others are in use. */
  isRepeatable: boolean
  /** How often it was sent again before. */
  retries: number
  /** Where it has failed: none of these is taken. */
  tried: readonly UpstreamAddress[]
  /** Where an idle connection broke: taken only if there is no other. */
  avoid?: UpstreamAddress
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
    if (isExcluded(address, wanted)) continue
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
      (address) => !isExcluded(address, wanted) && readinessOf(address, now) === 'trial',
    )
    if (trial) return trial
  }
  if (best || !wanted.avoid) return best
  const { avoid, ...rest } = wanted
  return chooseAddress([avoid], rest, parts)
}

function isExcluded(address: UpstreamAddress, { avoid, tried }: Wanted): boolean {
  return address === avoid || (tried.length > 0 && tried.includes(address))
}
