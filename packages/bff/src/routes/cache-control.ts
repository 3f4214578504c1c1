/** What an upstream may say, with a number of seconds where there is one to say. */
const directivePattern =
  /^(?:(?:no-store|no-cache|no-transform|must-revalidate|immutable|private|public|proxy-revalidate)|(?:max-age|s-maxage|stale-while-revalidate|stale-if-error)=\d{1,10})$/

/** For caches that many people share. */
const shared = /^(?:public|private|proxy-revalidate|s-maxage)\b/

/**
 * Who may keep an answer, in the upstream's words as far as they are plain ones, and nobody in any other
 * case: an answer that a person's data may be in is for that person's browser alone.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9111.html#section-5.2.2 RFC 9111, section 5.2.2}
 */
export function toCacheControl(fields: readonly string[], isPersonal: boolean): string {
  const directives = fields
    .flatMap((field) => field.split(','))
    .map((text) => text.trim().toLowerCase())
    .filter((text) => text !== '')
  const isPlain = directives.every((text) => directivePattern.test(text))
  if (directives.length === 0 || !isPlain || directives.includes('no-store')) return 'no-store'
  if (!isPersonal) return directives.join(', ')
  return ['private', ...directives.filter((text) => !shared.test(text))].join(', ')
}
