import type { Logger } from './log.ts'

/** Who did something. */
export interface AuditActor {
  readonly kind: 'account' | 'operator'
  /** The account's subject at its issuer; the name of the operator's credential, never its secret. */
  readonly name?: string | undefined
  /** Where it was asked from: an IP address. */
  readonly address?: string | undefined
}

/**
 * One act, done or not, for whoever reviews them later. `event` is a word of OWASP's vocabulary:
 * `session_revoked` for what ends sessions, `authz_admin` for what an operator looks at,
 * `authz_fail` for who was turned away.
 *
 * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Logging_Vocabulary_Cheat_Sheet.html OWASP}
 */
export interface AuditEvent {
  readonly event: 'session_revoked' | 'authz_admin' | 'authz_fail'
  /** `refused`: nothing was done, by rule. `failed`: it could not be done, or not wholly. */
  readonly outcome: 'done' | 'refused' | 'failed'
  readonly actor: AuditActor
  /** What was asked for, such as `end_others`. */
  readonly action: string
  /** Which sessions were meant: names and identifiers, never what opens one. */
  readonly filter?: Readonly<Record<string, string>> | undefined
  /** How many it concerned; absent when nobody can know. */
  readonly sessions?: number | undefined
  /** Why it was not done: a code of docs/errors.md. */
  readonly code?: string | undefined
}

/** Writes down what was done to sessions, and by whom. */
export type Audit = (event: AuditEvent) => void

/**
 * Creates the writer of audit lines into a service's log, marked by `audit: true`. They are written
 * whatever the log's level is, unless it is `silent`.
 */
export function createAudit(log: Logger): Audit {
  const options = log.level === 'silent' ? {} : { level: 'info' as const }
  const lines = log.child({ audit: true }, options)
  return (event) => {
    const { action, outcome } = event
    lines[outcome === 'done' ? 'info' : 'warn'](event, `${action}: ${outcome}`)
  }
}
