import type { SessionFilter } from '@sallyport/session'
import { isName, isRecord } from './json-values.ts'
import { invalidRequest, type SetRefusal } from './set-refusal.ts'

/** How subjects are understood. */
export interface SubjectRules {
  /** Whose sessions there are: the identity provider. */
  readonly issuer: string
  /** Whether the transmitter is the identity provider, so that its opaque ids are `sid`s. */
  readonly isIssuer: boolean
  /** Whether a subject may be a session and nothing else. */
  readonly maySession: boolean
  /** Members of a complex subject that may not be ignored. */
  readonly criticalMembers: readonly string[]
}

const unknown = 'the subject is none that sessions can be found by'

/**
 * Which sessions a subject means. A session is known by its issuer, subject and `sid` alone, so
 * `iss_sub` is understood, and of `complex` the members `user` and `session`; e-mail addresses and
 * accounts are not, for they may pass to somebody else. Other members of `complex` would only say
 * which of these sessions: without them more may end than was meant, never fewer.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9493.html#section-3 RFC 9493, section 3}
 */
export function toFilter(subject: unknown, rules: SubjectRules): SessionFilter | SetRefusal {
  if (!isRecord(subject)) return invalidRequest('sub_id is missing or malformed')
  if (subject.format === 'iss_sub') return fromIssuerAndSubject(subject, rules)
  if (subject.format === 'opaque' && rules.maySession && rules.isIssuer) {
    return isName(subject.id)
      ? { issuer: rules.issuer, sid: subject.id }
      : invalidRequest('id is no identifier')
  }
  return subject.format === 'complex' ? fromComplex(subject, rules) : invalidRequest(unknown)
}

function fromIssuerAndSubject(
  { format, iss, sub }: Record<string, unknown>,
  { issuer }: SubjectRules,
): { issuer: string; subject: string } | SetRefusal {
  if (format !== 'iss_sub') return invalidRequest(unknown)
  if (iss !== issuer) return invalidRequest('the subject is of another issuer')
  return isName(sub) ? { issuer, subject: sub } : invalidRequest('sub is no identifier')
}

function fromComplex(
  subject: Record<string, unknown>,
  rules: SubjectRules,
): SessionFilter | SetRefusal {
  const { user, session } = subject
  const critical = rules.criticalMembers.find(
    (name) => Object.hasOwn(subject, name) && !['format', 'user', 'session'].includes(name),
  )
  if (critical) return invalidRequest('a critical member of the subject is not understood')
  if (user === undefined && session === undefined) return invalidRequest(unknown)
  const ofUser =
    user === undefined
      ? { issuer: rules.issuer }
      : fromIssuerAndSubject(isRecord(user) ? user : {}, rules)
  if ('err' in ofUser || session === undefined) return ofUser
  const isNamed = isRecord(session) && session.format === 'opaque' && isName(session.id)
  if (!isNamed || !rules.isIssuer) return invalidRequest(unknown)
  return { ...ofUser, sid: session.id as string }
}
