import { isRecord } from './json-values.ts'
import { invalidRequest, type SetRefusal } from './set-refusal.ts'

/** What an event means here. */
export type EventMeaning = 'end' | 'note' | 'ignore' | SetRefusal

type EventClaims = Readonly<Record<string, unknown>>

const caep = 'https://schemas.openid.net/secevent/caep/event-type'
const risc = 'https://schemas.openid.net/secevent/risc/event-type'
const ssf = 'https://schemas.openid.net/secevent/ssf/event-type'

/** The one event whose subject may be a session alone. */
export const sessionRevoked = `${caep}/session-revoked`

const end = () => 'end' as const
const note = () => 'note' as const

/**
 * The event types that are known. `end`: the subject's sessions end; `note`: about the stream.
 *
 * @see {@link https://openid.net/specs/openid-caep-1_0-final.html#section-3 CAEP 1.0, section 3}
 * @see {@link https://openid.net/specs/openid-risc-1_0-final.html#section-2 RISC 1.0, section 2}
 */
const eventTypes: Readonly<Record<string, (claims: EventClaims) => EventMeaning>> = {
  [sessionRevoked]: end,
  [`${caep}/credential-change`]: credentialChange,
  [`${risc}/account-disabled`]: end,
  [`${risc}/account-purged`]: end,
  [`${risc}/account-credential-change-required`]: end,
  [`${risc}/credential-compromise`]: end,
  [`${risc}/sessions-revoked`]: end,
  [`${ssf}/verification`]: note,
  [`${ssf}/stream-updated`]: note,
}

/** What an event of any type means; `ignore` for a type that is not known. */
export function meaningOf(type: string, claims: EventClaims): EventMeaning {
  return Object.hasOwn(eventTypes, type) ? (eventTypes[type]?.(claims) ?? 'ignore') : 'ignore'
}

/** A credential that was added leaves what was proven with the others as it was. */
function credentialChange({ change_type: change }: EventClaims): EventMeaning {
  if (change === 'create') return 'ignore'
  if (change === 'revoke' || change === 'update' || change === 'delete') return 'end'
  return invalidRequest('change_type is none that is known')
}

/** A stream's new status, when an event of its transmitter tells it. */
export function streamStatus(claims: EventClaims): string | undefined {
  const statuses = ['enabled', 'paused', 'disabled']
  return isRecord(claims) ? statuses.find((status) => status === claims.status) : undefined
}
