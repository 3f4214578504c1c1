import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { connect, isIP, type LookupFunction, Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import type { UpstreamConfig } from '@sallyport/bff'
import { isPublicAddress } from './public-address.ts'
import { UpstreamTimeout } from './upstream-timeout.ts'

/**
 * Opens a socket to an address of one upstream.
 *
 * @param ready called once when bytes can be sent, and not if that fails: then the socket says so.
 */
export type OpenSocket = (address: URL, ready: () => void) => Socket

/** An IP address is not one that the upstream may have (`addressPolicy`). */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  readonly code = 'UPSTREAM_ADDRESS_REFUSED'
}

/**
 * Creates what opens sockets to an upstream, with its identity and its authorities and nobody else's:
 * no TLS session is ever taken up again. What may be connected to is judged on the result of the one
 * look-up that the connection is made with, so that no second one can give another.
 */
export function createOpenSocket(
  config: UpstreamConfig,
  lookup: LookupFunction = systemLookup as LookupFunction,
): OpenSocket {
  const origin = new URL(config.origin)
  const isSecure = origin.protocol === 'https:'
  const { ca, certificate, key, serverName } = config.tls ?? {}
  const secureContext = isSecure
    ? createSecureContext({ ca: ca as string | string[], cert: certificate, key: key?.reveal() })
    : undefined
  const name = serverName ?? hostOf(origin)
  const servername = isIP(name) ? '' : name
  const isLimited = config.addressPolicy === 'public'
  const judgedLookup = isLimited ? publicLookup(lookup) : lookup

  return (address, ready) => {
    const host = hostOf(address)
    if (isLimited && isIP(host) && !isPublicAddress(host)) {
      return new Socket().destroy(new AddressRefused('the address is not public'))
    }
    const port = Number(address.port || (isSecure ? 443 : 80))
    const options = { host, port, noDelay: true, lookup: judgedLookup }
    const socket = isSecure
      ? connectTls({ ...options, servername, secureContext, ALPNProtocols: ['http/1.1'] })
      : connect(options)
    const late = setTimeout(
      () => socket.destroy(new UpstreamTimeout('connect')),
      config.timeouts.connect * 1000,
    )
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      clearTimeout(late)
      ready()
    })
    socket.once('close', () => clearTimeout(late))
    return socket
  }
}

/** Gives on what is public of a look-up's result, and fails when nothing is. */
function publicLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, result) => {
      if (error) return callback(error, [])
      const all = result as unknown as LookupAddress[]
      const allowed = all.filter(({ address }) => isPublicAddress(address))
      const [first] = allowed
      if (!first) return callback(new AddressRefused('the name has no public address'), [])
      if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

/** As sockets want it: an IPv6 address without its brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}
