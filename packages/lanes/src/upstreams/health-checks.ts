import { Client } from 'undici'
import { connectorOf } from './node-connections.ts'
import type { Upstream } from './upstream.ts'
import type { UpstreamAddress } from './upstream-address.ts'

/** Asks addresses whether they are well, when that is due. */
export interface HealthChecks {
  /** Asks those that are due. */
  run(upstream: Upstream): void
}

/**
 * Creates the checks of all upstreams. One address is asked once at a time, and each at its own
 * moment: not all of them at once.
 *
 * @param now seconds.
 */
export function createHealthChecks(now: () => number, random: () => number): HealthChecks {
  const due = new WeakMap<UpstreamAddress, number>()

  async function check(upstream: Upstream, address: UpstreamAddress, interval: number) {
    due.set(address, Number.POSITIVE_INFINITY)
    upstream.checked(address, await isWell(upstream, address))
    due.set(address, now() + interval * (0.9 + random() / 5))
  }

  return {
    run(upstream) {
      const { health } = upstream.config
      if (!health) return
      const time = now()
      for (const address of upstream.addresses) {
        if (time >= (due.get(address) ?? 0)) void check(upstream, address, health.interval)
      }
    },
  }
}

/** Over a connection of its own, so that it is also known whether one can be made. */
async function isWell(upstream: Upstream, address: UpstreamAddress): Promise<boolean> {
  const { health, origin } = upstream.config
  if (!health) return true
  const client = new Client(address.url, { connect: connectorOf(upstream, address) })
  try {
    const { statusCode } = await client.request({
      ...{ method: 'GET', path: health.path },
      headers: { host: new URL(origin).host, 'user-agent': 'sallyport', connection: 'close' },
      signal: AbortSignal.timeout(health.timeout * 1000),
    })
    return statusCode >= 200 && statusCode < 300
  } catch {
    return false
  } finally {
    await client.destroy()
  }
}
