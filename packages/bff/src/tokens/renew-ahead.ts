import type { Logger } from '@sallyport/telemetry'

/** Renewals that nobody waits for. */
export interface RenewAhead {
  /** Renews in the background, unless too many do so already: then a later request starts it. */
  start(renew: () => Promise<unknown>): void
}

/**
 * Bounds how many tokens are renewed ahead at once, so that after a night, or a restart, not all
 * sessions ask the issuer in the same second.
 */
export function createRenewAhead(log: Logger, mostAtOnce = 32): RenewAhead {
  let running = 0

  return {
    start(renew) {
      if (running >= mostAtOnce) return
      running += 1
      renew()
        .catch((error) => log.debug({ error }, 'a token is not renewed ahead'))
        .finally(() => {
          running -= 1
        })
    },
  }
}
