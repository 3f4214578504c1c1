/**
 * A W3C Trace Context header for a new, sampled trace.
 *
 * @see {@link https://www.w3.org/TR/trace-context/#traceparent-header Trace Context, section 3.2}
 */
export function createTraceparent(crypto: Pick<Crypto, 'randomUUID'>): string {
  const hex = `${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll('-', '')
  return `00-${hex.slice(0, 32)}-${hex.slice(-16)}-01`
}
