import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net'

/**
 * Whether an IP address is somebody's on the public internet: not of a private network, this machine,
 * a link, a carrier's shared space, a documentation, benchmark or reserved block, and no IPv6
 * address that stands for an IPv4 one by translation (NAT64, 6to4, Teredo), whose place only a
 * translator knows. What is no IP address is none.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry IANA special-purpose IPv4}
 * @see {@link https://www.iana.org/assignments/iana-ipv6-special-registry IANA special-purpose IPv6}
 */
export function isPublicAddress(text: string): boolean {
  if (isIPv4(text)) return !special.check(text, 'ipv4')
  // A zone is for links, and nothing on a link is public.
  if (!isIPv6(text) || text.includes('%')) return false
  const canonical = new SocketAddress({ address: text, family: 'ipv6' }).address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(canonical)?.[1]
  if (mapped) return !special.check(mapped, 'ipv4')
  return globalUnicast.check(canonical, 'ipv6') && !special.check(canonical, 'ipv6')
}

const special = toBlockList([
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // The servers of metadata of most clouds, too.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Public by its number, and the host of a virtual machine in Azure.
  ['168.63.129.16', 32],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
])

const globalUnicast = toBlockList([['2000::', 3]])

function toBlockList(subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [net, prefix] of subnets) {
    list.addSubnet(net, prefix, net.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}
