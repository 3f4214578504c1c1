import { isIP, SocketAddress } from 'node:net'

/** An address in its one canonical form. */
export interface IpAddress {
  readonly text: string
  readonly family: 'ipv4' | 'ipv6'
}

/**
 * Reads an IP address. An IPv4 address inside of an IPv6 one, as sockets for both give it, is the
 * IPv4 address; a zone means something on that one machine only, and is dropped.
 *
 * @returns `undefined` for what is none.
 * @see {@link https://www.rfc-editor.org/rfc/rfc5952.html#section-4 RFC 5952, section 4}
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  const family = isIP(text)
  if (family === 4) return { text, family: 'ipv4' }
  if (family !== 6) return undefined
  // As sockets for both write it: at each request, and the general way takes longer than all else.
  const usual = text.startsWith('::ffff:') ? text.slice(7) : ''
  if (isIP(usual) === 4) return { text: usual, family: 'ipv4' }
  const canonical = new SocketAddress({ address: text, family: 'ipv6' }).address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(canonical)?.[1]
  return mapped ? { text: mapped, family: 'ipv4' } : { text: canonical, family: 'ipv6' }
}
