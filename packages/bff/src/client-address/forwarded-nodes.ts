import { isIPv6 } from 'node:net'
import { type IpAddress, parseIpAddress } from './ip-address.ts'

/** The header in which proxies say who asked them. */
export type ForwardedHeader = 'forwarded' | 'x-forwarded-for'

/**
 * The nodes that a forwarded header names, the nearest first. What cannot be read is an empty
 * text, and nothing comes after it.
 *
 * @param values of all fields of that name, in their order.
 */
export function* forwardedNodes(
  header: ForwardedHeader,
  values: readonly string[],
): Generator<string> {
  for (const value of values.toReversed()) {
    const nodes = header === 'forwarded' ? parseForwarded(value) : parseForwardedFor(value)
    if (!nodes) return yield ''
    yield* nodes.reverse()
  }
}

/** A node's name: brackets of IPv6, then a port or an obfuscated one, neither of which says who. */
const nodePattern = /^(?:\[([^\]]*)\]|([\d.]+))(?::(?:\d{1,5}|_[\w.-]+))?$/

/**
 * The address of a node; `undefined` for `unknown`, an obfuscated identifier, and all that is none.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7239.html#section-6 RFC 7239, section 6}
 */
export function parseNode(node: string): IpAddress | undefined {
  const [, bracketed, bare] = nodePattern.exec(node) ?? []
  if (bracketed !== undefined) return isIPv6(bracketed) ? parseIpAddress(bracketed) : undefined
  return parseIpAddress(bare ?? node)
}

function parseForwardedFor(value: string): string[] {
  const nodes = value.split(',').map((node) => node.trim())
  return nodes.filter((node) => node !== '')
}

const tokenCharacters = "[!#$%&'*+\\-.^_`|~\\w]+"
const pairPattern = new RegExp(
  `[ \\t]*(?:(${tokenCharacters})=(?:(${tokenCharacters})|"((?:[^"\\\\]|\\\\.)*)")[ \\t]*)?([;,]|$)`,
  'y',
)

/**
 * The `for` of each element, empty when it has none; `undefined` for a malformed field.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7239.html#section-4 RFC 7239, section 4}
 */
function parseForwarded(value: string): string[] | undefined {
  const nodes: string[] = []
  let element = new Map<string, string>()
  let at = 0
  for (let isAtEnd = false; !isAtEnd; ) {
    pairPattern.lastIndex = at
    const found = pairPattern.exec(value)
    if (!found) return undefined
    at = pairPattern.lastIndex
    const [, name, token, quoted, delimiter] = found
    if (name !== undefined) {
      const parameter = name.toLowerCase()
      if (element.has(parameter)) return undefined
      element.set(parameter, token ?? (quoted as string).replace(/\\(.)/g, '$1'))
    }
    isAtEnd = delimiter === ''
    if (delimiter === ';') continue
    if (element.size > 0) nodes.push(element.get('for') ?? '')
    element = new Map()
  }
  return nodes
}
