import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, createServer, type LookupFunction, type Server } from 'node:net'
import type { UpstreamConfig } from '@sallyport/bff'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createOpenSocket } from './open-socket.ts'
import { publicLookup } from './public-lookup.ts'

let server: Server
let port: number
let accepted = 0
beforeAll(async () => {
  server = createServer((socket) => {
    accepted += 1
    socket.on('error', () => undefined)
    socket.destroy()
  })
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => server.close())
beforeEach(() => {
  accepted = 0
})

const config: UpstreamConfig = {
  ...{ origin: 'http://rebind.example', addresses: ['http://rebind.example'] },
  ...{ maxConnections: 1, queue: { length: 0, timeout: 1 }, timeouts: { connect: 1, idle: 1 } },
  ...{ retries: { most: 0, methods: [] }, breaker: undefined, addressPolicy: 'public' },
}

/** A resolver that gives these addresses, one list after the other. */
function resolving(...lists: string[][]): LookupFunction {
  return (_hostname, options, callback) => {
    const found = (lists.length > 1 ? lists.shift() : lists[0]) ?? []
    const all: LookupAddress[] = found.map((address) => {
      return { address, family: address.includes(':') ? 6 : 4 }
    })
    if (options.all) callback(null, all)
    else callback(null, all[0]?.address as string, all[0]?.family as number)
  }
}

/** What becomes of a connection by name: `ready`, or the code of the error. */
async function outcome(lookup: LookupFunction, given = config): Promise<string> {
  const open = createOpenSocket(given, lookup)
  return new Promise((resolve) => {
    const socket = open(new URL(`http://rebind.example:${port}`), () => {
      resolve('ready')
      socket.destroy()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name))
  })
}

describe('A181: a name that resolves', () => {
  test.each([
    ['to this machine', ['127.0.0.1']],
    ['to it in IPv6 form', ['::ffff:127.0.0.1']],
    ['to the metadata of a cloud', ['169.254.169.254']],
    ['to private addresses of both kinds', ['10.0.0.1', 'fd00::1']],
    ['to nothing', []],
  ])('%s is refused before anybody is connected to', async (_what, found) => {
    expect(await outcome(resolving(found))).toBe('UPSTREAM_ADDRESS_REFUSED')
    expect(accepted).toBe(0)
  })

  test('is looked up once for each connection', async () => {
    let lookups = 0
    const found = resolving(['127.0.0.1'])
    const counting: LookupFunction = (...given) => {
      lookups += 1
      found(...given)
    }
    const any = { ...config, addressPolicy: 'any' as const }
    expect(await outcome(counting, any)).toBe('ready')
    expect(lookups).toBe(1)
    expect(await outcome(counting)).toBe('UPSTREAM_ADDRESS_REFUSED')
    expect(lookups).toBe(2)
  })

  test('is connected to when any address will do', async () => {
    const any = { ...config, addressPolicy: 'any' as const }
    expect(await outcome(resolving(['127.0.0.1']), any)).toBe('ready')
  })
})

describe('A181: of what a resolver gives', () => {
  const look = (lookup: LookupFunction, all: boolean) =>
    new Promise((resolve) => {
      publicLookup(lookup)('rebind.example', { all }, (error, found, family) => {
        resolve(error ? error.code : [found, family])
      })
    })

  test('what is public goes on, and nothing else', async () => {
    const mixed = resolving(['127.0.0.1', '1.1.1.1', 'fe80::1', '2606:4700::1'])
    const expected = [
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700::1', family: 6 },
    ]
    expect(await look(mixed, true)).toEqual([expected, undefined])
    expect(await look(mixed, false)).toEqual(['1.1.1.1', 4])
  })

  test('an answer that was public says nothing of the next', async () => {
    const changing = resolving(['1.1.1.1'], ['127.0.0.1'])
    expect(await look(changing, false)).toEqual(['1.1.1.1', 4])
    expect(await look(changing, false)).toBe('UPSTREAM_ADDRESS_REFUSED')
  })
})
