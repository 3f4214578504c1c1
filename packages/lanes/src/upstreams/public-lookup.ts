import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/** An IP address is not one that the upstream may have (`addressPolicy`). */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
  readonly code = 'UPSTREAM_ADDRESS_REFUSED'
}

/** Gives on what is public of a look-up's result, and fails when nothing is. */
export function publicLookup(lookup: LookupFunction): LookupFunction {
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
