import { BlockList } from 'node:net'
import { parseOptions, strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import type { RequestHead } from '../decision.ts'
import { headerValues } from '../headers.ts'
import { type ForwardedHeader, forwardedNodes, parseNode } from './forwarded-nodes.ts'
import { type IpAddress, parseIpAddress } from './ip-address.ts'

/** Which proxies in front are believed when they say who asked them. */
export interface TrustedProxiesOptions {
  /** Their addresses and networks, such as `192.0.2.10`, `10.0.0.0/8` and `fd00::/8`. */
  addresses: string[]
  /**
   * The one header that they all write or extend. Any other is the client's own words: a proxy that passes
   * this one on as it came lets its clients choose their address.
   */
  header: ForwardedHeader
}

/** Who a request comes from: an IP address, or an empty text when the socket has none. */
export type ClientAddress = (head: RequestHead) => string

/** More proxies in a row than anybody has. */
const mostHops = 16

const network = z
  .string()
  .refine((text) => toNetwork(text) !== undefined, 'must be an IP address, or a network in CIDR')
  .refine((text) => toNetwork(text)?.prefix !== 0, 'trusts everybody')

/** Under the name that the options have where somebody writes them. */
const schema = strictObject({
  trustedProxies: strictObject({
    addresses: z.array(network).min(1),
    header: z.enum(['forwarded', 'x-forwarded-for']),
  }),
}) satisfies z.ZodType<{ trustedProxies: TrustedProxiesOptions }>

/**
 * Creates the reader of client addresses. Without `options` it is the peer's, whatever headers say.
 *
 * With them, a header counts if the peer is a trusted proxy. It is walked from its end, which the
 * peer wrote, to the first address that is no trusted proxy's: that one is the client's, and what
 * stands before it is only what the client said. If on the way there something is no address (malformed,
 * `unknown`, obfuscated), or there are more than sixteen proxies, it is the peer's address.
 *
 * Addresses only: which scheme and host somebody asked for is what `publicUrl` says.
 *
 * @throws `ERR_CONFIG_INVALID`, naming every problem in `options`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc7239.html#section-8.1 RFC 7239, section 8.1}
 */
export function createClientAddress(options?: TrustedProxiesOptions): ClientAddress {
  if (!options) return ({ remoteAddress }) => parseIpAddress(remoteAddress)?.text ?? remoteAddress
  const { addresses, header } = parseOptions(
    schema,
    { trustedProxies: options },
    'client address',
  ).trustedProxies
  const trusted = toBlockList(addresses)
  const isTrusted = ({ text, family }: IpAddress) => trusted.check(text, family)

  return ({ headers, remoteAddress }) => {
    const peer = parseIpAddress(remoteAddress)
    if (!peer || !isTrusted(peer)) return peer?.text ?? remoteAddress
    let furthest = peer
    let hops = 0
    for (const node of forwardedNodes(header, headerValues(headers, header))) {
      const address = parseNode(node)
      hops += 1
      if (!address || hops > mostHops) return peer.text
      if (!isTrusted(address)) return address.text
      furthest = address
    }
    return furthest.text
  }
}

/** JSON Schema of {@link TrustedProxiesOptions} as they stand in a file. */
export function trustedProxiesJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema.shape.trustedProxies, { io: 'input' })
  return rest
}

function toBlockList(addresses: readonly string[]): BlockList {
  const list = new BlockList()
  for (const address of addresses) {
    const { text, family, prefix } = toNetwork(address) as IpNetwork
    list.addSubnet(text, prefix, family)
  }
  return list
}

interface IpNetwork extends IpAddress {
  readonly prefix: number
}

function toNetwork(cidr: string): IpNetwork | undefined {
  const [, text = '', length] = /^([\da-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(cidr) ?? []
  const address = parseIpAddress(text)
  if (!address) return undefined
  const longest = address.family === 'ipv4' ? 32 : 128
  const prefix = length === undefined ? longest : Number(length)
  return prefix <= longest ? { ...address, prefix } : undefined
}
