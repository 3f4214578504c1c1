/**
 * Why a SET is refused, as its transmitter is told.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8935.html#section-2.4 RFC 8935, section 2.4}
 */
export interface SetRefusal {
  readonly err:
    | 'invalid_request'
    | 'invalid_key'
    | 'invalid_issuer'
    | 'invalid_audience'
    | 'authentication_failed'
  /** For people, in English. Never what the SET says. */
  readonly description: string
}

/** A SET that is malformed, or says what nothing can be done with. */
export function invalidRequest(description: string): SetRefusal {
  return { err: 'invalid_request', description }
}
