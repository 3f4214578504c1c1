import { createHash } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import type { UpstreamConfig } from '@sallyport/bff'
import { createUpstreamMetrics, type Telemetry } from '@sallyport/telemetry'
import { createHealthChecks } from './upstreams/health-checks.ts'
import { createOpenSocket } from './upstreams/open-socket.ts'
import { createUpstream, type Upstream } from './upstreams/upstream.ts'

/** The upstreams of all frontends, for all lanes of a process. */
export interface Upstreams {
  /** The upstream of a configuration. What is configured alike is one upstream. */
  of(config: UpstreamConfig): Upstream
  /**
   * Those that are configured now: their health is known before they are asked. Others are kept for
   * as long as somebody asks them, and a minute.
   */
  keep(configs: Iterable<UpstreamConfig>): void
  /** Ends all checks, and sends away who waits. */
  close(): void
}

export interface UpstreamsParts {
  telemetry: Telemetry
  /** Seconds, of any beginning. @defaultValue a monotonic clock */
  now?: () => number
  /** From 0 to 1. @defaultValue Math.random */
  random?: () => number
  /** Resolves names. @defaultValue the system's */
  lookup?: LookupFunction | undefined
}

interface Entry {
  readonly upstream: Upstream
  usedAt: number
  isKept: boolean
  isGone: boolean
}

const tickMs = 250
/** Seconds. */
const unusedTime = 60

/** Creates the keeper of upstreams, with the one timer that all checks run by. */
export function createUpstreams(parts: UpstreamsParts): Upstreams {
  const { telemetry, random = Math.random, lookup } = parts
  const { now = () => performance.now() / 1000 } = parts
  const metrics = createUpstreamMetrics()
  const entries = new Map<string, Entry>()
  const known = new WeakMap<UpstreamConfig, Entry>()
  const checks = createHealthChecks(now, random)
  let time = now()

  const ticking = setInterval(() => {
    time = now()
    for (const [key, entry] of entries) {
      const { upstream, isKept, usedAt } = entry
      if (isKept || upstream.isBusy || time - usedAt < unusedTime) checks.run(upstream)
      else forget(key, entry)
    }
  }, tickMs)
  ticking.unref()

  function forget(key: string, entry: Entry): void {
    entries.delete(key)
    entry.isGone = true
    entry.upstream.close()
  }

  function find(config: UpstreamConfig): Entry {
    const key = keyOf(config)
    const entry = entries.get(key) ?? begin(config)
    entries.set(key, entry)
    known.set(config, entry)
    return entry
  }

  function begin(config: UpstreamConfig): Entry {
    const openSocket = createOpenSocket(config, lookup)
    const upstream = createUpstream(config, {
      log: telemetry.log,
      metrics,
      openSocket,
      now,
      random,
    })
    return { upstream, usedAt: time, isKept: false, isGone: false }
  }

  const stopObserving = metrics.observe(function* () {
    for (const { upstream } of entries.values()) yield upstream.read()
  })

  return {
    of(config) {
      let entry = known.get(config)
      if (!entry || entry.isGone) entry = find(config)
      entry.usedAt = time
      return entry.upstream
    },

    keep(configs) {
      const kept = new Set([...configs].map(find))
      for (const entry of entries.values()) {
        entry.isKept = kept.has(entry)
        if (!entry.isKept) entry.usedAt = Number.NEGATIVE_INFINITY
      }
    },

    close() {
      clearInterval(ticking)
      stopObserving()
      for (const [key, entry] of entries) forget(key, entry)
    },
  }
}

/** Keeps apart what differs in anything, certificates and keys included. */
function keyOf(config: UpstreamConfig): string {
  const { tls } = config
  const text = JSON.stringify({ ...config, tls: tls && { ...tls, key: tls.key?.reveal() } })
  return createHash('sha256').update(text).digest('base64')
}
