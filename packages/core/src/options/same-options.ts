import type { Secret } from '../secret.ts'

/**
 * Whether two configurations mean the same, secrets included: what is kept in memory for one is
 * good for the other. Functions are the same only if they are one function.
 */
export function isSameOptions(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false
  if (a instanceof URL || b instanceof URL) {
    return a instanceof URL && b instanceof URL && a.href === b.href
  }
  if (isSecret(a) || isSecret(b)) return isSecret(a) && isSecret(b) && a.reveal() === b.reveal()
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [ours, theirs] = [membersOf(a), membersOf(b)]
  return (
    ours.size === theirs.size &&
    [...ours].every(([name, value]) => theirs.has(name) && isSameOptions(value, theirs.get(name)))
  )
}

/** A member that is `undefined` is as good as none. */
function membersOf(value: object): Map<string, unknown> {
  return new Map(Object.entries(value).filter(([, member]) => member !== undefined))
}

function isSecret(value: object): value is Secret {
  return 'reveal' in value && typeof value.reveal === 'function'
}
