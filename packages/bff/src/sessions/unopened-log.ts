import type { Sealer } from '@sallyport/core'
import type { Logger } from '@sallyport/telemetry'
import { createLru } from '../frontends/lru.ts'

/** Sessions whose trouble is remembered, so that it is told once and not at each request. */
const mostRemembered = 1000
/** The kid and the nonce that follows it: no two sealed values begin alike. */
const longestBeginning = 50

/** Tells the log that something sealed does not open, once for each. */
export type UnopenedLog = (sealed: string) => void

/** Creates it for what one sealer sealed. */
export function createUnopenedLog(
  { missingKid }: Pick<Sealer, 'missingKid'>,
  log: Logger,
): UnopenedLog {
  const told = createLru<true>(mostRemembered)
  return (sealed) => {
    const beginning = sealed.slice(0, longestBeginning)
    if (told.get(beginning)) return
    told.set(beginning, true)
    const kid = missingKid(sealed)
    const event = { event: 'crypt_decrypt_fail', ...(kid && { kid }) }
    log.warn(
      event,
      kid
        ? 'a session is none: the key that sealed it is not among the seal keys any more'
        : 'a session is none: it was changed, or sealed with another key of the same kid',
    )
  }
}
