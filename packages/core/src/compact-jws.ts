/** Longest access token looked at, in characters: what fits into Node's request headers at all. */
const maxAccessTokenLength = 16_384

// Each segment is base64url without padding whose unused bits are zero, so a segment has exactly
// one spelling. Five segments (an encrypted token), JSON and whitespace do not match.
const segment = '(?:[\\w-]{4})*(?:[\\w-][AQgw]|[\\w-]{2}[AEIMQUYcgkosw048])?'
const compactJws = new RegExp(`^(?=[^.])${segment}\\.(?=[^.])${segment}\\.(?=.)${segment}$`)

/**
 * Whether a text has the one form this guard reads: three non-empty base64url segments, of bounded
 * length. Nothing else is ever decoded.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7515.html#section-7.1 RFC 7515, section 7.1}
 */
export function isCompactJws(text: string): boolean {
  return text.length <= maxAccessTokenLength && compactJws.test(text)
}
