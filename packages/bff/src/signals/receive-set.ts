import type { Clock } from '@sallyport/core'
import type { SessionFilter } from '@sallyport/session'
import type { Logger } from '@sallyport/telemetry'
import type { MassLogout } from '../logout/mass-logout.ts'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { BffConfig } from '../options.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { meaningOf, sessionRevoked, streamStatus } from './event-types.ts'
import { invalidRequest, type SetRefusal } from './set-refusal.ts'
import type { SignalsConfig } from './signals-options.ts'
import { toFilter } from './subject-filter.ts'
import type { Transmitter } from './transmitter.ts'
import { clockTolerance, type SecurityEventToken, verifySet } from './verify-set.ts'

/** What carrying out a SET needs. */
export interface ReceiverParts {
  clock: Clock
  config: BffConfig
  log: Logger
  oidc: Pick<OidcClient, 'signing'>
  sessions: Pick<Sessions, 'claim'>
  massLogout: Pick<MassLogout, 'all'>
  transmitter: () => Promise<Transmitter>
}

/**
 * Carries out a SET: `undefined` when all it asks for is done, also when it was delivered before.
 * Rejects while that is not possible and it must be delivered again.
 *
 * @param jti what it was delivered as, when that was said.
 */
export type SetReceiver = (set: string, jti?: string) => Promise<SetRefusal | undefined>

/** The end of some sessions, and of what time it is. */
interface Ending {
  readonly type: string
  readonly filter: SessionFilter
  readonly until: number
}

/** Creates the receiver that both ways of delivery bring their SETs to. */
export function createSetReceiver(signals: SignalsConfig, parts: ReceiverParts): SetReceiver {
  const { clock, config, log, massLogout, sessions } = parts
  // What is older is about sessions that are over by themselves.
  const maxAge = config.session.absoluteTimeout

  async function receive(set: string, jti?: string): Promise<SetRefusal | undefined> {
    const { keys, criticalMembers } = await parts.transmitter()
    const { issuer, audience } = signals
    const token = await verifySet(set, { issuer, audience, keys, maxAge, now: clock() })
    if ('err' in token) return token
    if (jti !== undefined && jti !== token.jti) return invalidRequest('jti is not as delivered')
    const endings = await toEndings(token, criticalMembers)
    if ('err' in endings) return endings
    for (const { type, filter, until } of endings) {
      const ended = await massLogout.all(filter, 'shared_signals', until)
      const signal = type.slice(type.lastIndexOf('/') + 1)
      const outcome = { event: 'session_revoked', reason: 'shared_signals', signal, ended }
      log.info(outcome, 'sessions ended by a security event')
    }
    // Afterwards, so that what fails is carried out when it comes again; twice is no more than once,
    // for sessions that began later are not meant.
    const isFirst = await sessions.claim(
      `set:${signals.issuer}:${token.jti}`,
      maxAge + 2 * clockTolerance,
    )
    if (!isFirst) log.info({ event: 'signal_repeated' }, 'a security event came again')
    return undefined
  }

  async function toEndings(
    token: SecurityEventToken,
    criticalMembers: readonly string[],
  ): Promise<Ending[] | SetRefusal> {
    const endings: Ending[] = []
    for (const [type, claims] of Object.entries(token.events)) {
      const meaning = meaningOf(type, claims)
      if (typeof meaning === 'object') return meaning
      if (meaning !== 'end') {
        const outcome = { event: `signal_${meaning}d`, signal: type.slice(0, 128) }
        log.info({ ...outcome, status: streamStatus(claims) }, 'a security event ends no session')
        continue
      }
      const until = eventTime(token, claims.event_timestamp)
      if (typeof until === 'object') return until
      const { issuer } = await parts.oidc.signing()
      const filter = toFilter(token.subject, {
        ...{ issuer, criticalMembers, isIssuer: signals.issuer === issuer },
        maySession: type === sessionRevoked,
      })
      if ('err' in filter) return filter
      endings.push({ type, filter, until })
    }
    return endings
  }

  return async (set, jti) => {
    const refusal = await receive(set, jti)
    if (refusal) {
      const { err, description } = refusal
      log.warn({ event: 'signal_refused', err, description }, 'a security event is refused')
    }
    return refusal
  }
}

/** When it happened: no later than it was told of. */
function eventTime(token: SecurityEventToken, timestamp: unknown): number | SetRefusal {
  const time = timestamp ?? token.occurredAt ?? token.issuedAt
  const isTime = typeof time === 'number' && time >= 0 && time <= token.issuedAt + clockTolerance
  return isTime ? Math.floor(time) : invalidRequest('event_timestamp is not accepted')
}
