/** Longer than this nobody is sent away, whatever a server says. */
const longest = 3600

/**
 * The seconds of a `Retry-After` header, which may also name a date.
 *
 * @returns `undefined` for none, or one that says nothing.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3 RFC 9110, section 10.2.3}
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined
  const seconds = /^\d{1,9}$/.test(value)
    ? Number(value)
    : Math.ceil(Date.parse(value) / 1000) - now
  return seconds > 0 ? Math.min(seconds, longest) : undefined
}
