import { lookup as systemLookup } from 'node:dns'
import { connect, isIP, type LookupFunction, Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import type { UpstreamConfig } from '@sallyport/bff'
import { isPublicAddress } from './public-address.ts'
import { AddressRefused, publicLookup } from './public-lookup.ts'
import { UpstreamTimeout } from './upstream-timeout.ts'

/**
 * Opens a socket to an address of one upstream.
 *
 * @param ready called once when bytes can be sent, and not if that fails: then the socket says so.
 */
export type OpenSocket = (address: URL, ready: () => void) => Socket

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

/** As sockets want it: an IPv6 address without its brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
}
