import { setTimeout as pause } from 'node:timers/promises'
import { SallyportError } from '@sallyport/core'
import type { IssuerFetch } from '../oidc/issuer-fetch.ts'
import { isRecord } from './json-values.ts'
import type { SetReceiver } from './receive-set.ts'
import type { SetRefusal } from './set-refusal.ts'
import type { PollConfig } from './signals-options.ts'
import { type TransmitterParts, transmitterFetch } from './transmitter.ts'

/** What polling needs. */
export interface PollParts extends TransmitterParts {
  receive: SetReceiver
}

/** What became of SETs that were delivered, by `jti`. */
interface Outcomes {
  readonly ack: string[]
  readonly setErrs: Record<string, SetRefusal>
}

/** So many are taken at a time that they fit into the longest answer. */
const mostSets = 15
/** Between two polls while there is more. */
const shortestPauseMs = 200
const longestPauseMs = 300_000

/**
 * Asks for SETs until told to stop. One is acknowledged when all it asks for is done; what could not
 * be carried out is not, and comes again.
 *
 * @returns the function that stops it, and resolves when nothing of it runs any more.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8936.html#section-2 RFC 8936, section 2}
 */
export function startPolling(poll: PollConfig, parts: PollParts): () => Promise<void> {
  const { log } = parts.telemetry
  const stopping = new AbortController()
  const { signal } = stopping
  const timeout = parts.timeout + poll.longPoll
  const fetch = transmitterFetch(poll.endpointUrl, { ...parts, timeout })
  let outcomes: Outcomes = { ack: [], setErrs: {} }

  /** @returns how many there were. */
  async function pollOnce(): Promise<number> {
    const sets = await askForSets(poll, fetch, { outcomes, signal })
    outcomes = { ack: [], setErrs: {} }
    let failure: unknown
    for (const [jti, set] of Object.entries(sets)) {
      try {
        const refusal = await parts.receive(set, jti)
        if (refusal) outcomes.setErrs[jti] = refusal
        else outcomes.ack.push(jti)
      } catch (error) {
        failure = error
      }
    }
    if (failure) throw failure
    return Object.keys(sets).length
  }

  async function run(): Promise<void> {
    let failures = 0
    while (!signal.aborted) {
      const startedAt = performance.now()
      let pauseMs = shortestPauseMs
      try {
        const received = await pollOnce()
        failures = 0
        const spent = performance.now() - startedAt
        if (received === 0) pauseMs = Math.max(pauseMs, poll.interval * 1000 - spent)
      } catch (error) {
        if (signal.aborted) return
        log.warn({ event: 'signal_poll_failed', error }, 'security events cannot be had')
        pauseMs = Math.min(1000 * 2 ** failures, longestPauseMs)
        failures += 1
      }
      const jitter = 0.75 + Math.random() / 2
      await pause(pauseMs * jitter, undefined, { ref: false, signal }).catch(() => {})
    }
  }

  const running = run()
  return () => {
    stopping.abort()
    return running
  }
}

async function askForSets(
  { endpointUrl, authorization, longPoll }: PollConfig,
  fetch: IssuerFetch,
  { outcomes, signal }: { outcomes: Outcomes; signal: AbortSignal },
): Promise<Record<string, string>> {
  const held = longPoll > 0 ? AbortSignal.timeout(longPoll * 1000) : undefined
  const headers = {
    ...{ accept: 'application/json', 'content-type': 'application/json' },
    ...(authorization && { authorization: `Bearer ${authorization.reveal()}` }),
  }
  const body = JSON.stringify({ ...outcomes, maxEvents: mostSets, returnImmediately: !held })
  const either = held ? AbortSignal.any([signal, held]) : signal
  let response: Response
  try {
    response = await fetch(endpointUrl, { method: 'POST', headers, body, signal: either })
  } catch (error) {
    // It was held to the end: nothing is new.
    if (held?.aborted && !signal.aborted) return {}
    throw error
  }
  const answer: unknown = response.status === 200 ? await response.json().catch(() => {}) : {}
  const sets = isRecord(answer) ? answer.sets : undefined
  if (isRecord(sets) && Object.values(sets).every((set) => typeof set === 'string')) {
    return sets as Record<string, string>
  }
  throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'the transmitter answered no SETs')
}
