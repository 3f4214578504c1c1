import { createSecret } from '@sallyport/core'
import { createTelemetry, type Telemetry } from '@sallyport/telemetry'
import { createLocalJWKSet, decodeProtectedHeader, type JWK, jwtVerify } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  accessTokenType,
  createClientKey,
  startTokenEndpoint,
  type TokenEndpoint,
} from './testing/token-endpoint.ts'
import { createTokenExchange, type TokenExchange } from './token-exchange.ts'
import type { TokenClientOptions } from './token-request.ts'

const target = { resource: 'http://localhost:3012', scopes: ['inventory.read'] }

let clientKey: JWK
let clientKeys: ReturnType<typeof createLocalJWKSet>
let endpoint: TokenEndpoint
let seconds: number

beforeAll(async () => {
  const { privateKey, publicKey } = await createClientKey()
  clientKey = privateKey
  clientKeys = createLocalJWKSet({ keys: [publicKey] })
})

beforeEach(async () => {
  endpoint = await startTokenEndpoint()
  seconds = Math.floor(Date.now() / 1000)
})

afterEach(() => endpoint.issuer.close())

function createExchange(
  changes: Partial<TokenClientOptions> = {},
  telemetry?: Telemetry,
): TokenExchange {
  const { issuer } = endpoint.issuer
  return createTokenExchange(
    { issuer, clientId: 'orders-api', privateKey: clientKey, ...changes },
    { clock: () => seconds, uptime: () => seconds, telemetry },
  )
}

const alice = createSecret('alice')
const bob = createSecret('bob')

describe('exchange', () => {
  test('sends the grant of RFC 8693 and gives the token', async () => {
    const { accessToken, expiresAt } = await createExchange().exchange(alice, target)

    expect(accessToken.reveal()).toBe('for.alice.1')
    expect(expiresAt).toBe(seconds + 60)
    const { client_assertion, ...form } = Object.fromEntries(endpoint.received[0]?.form ?? [])
    expect(form).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'alice',
      subject_token_type: accessTokenType,
      requested_token_type: accessTokenType,
      resource: 'http://localhost:3012',
      scope: 'inventory.read',
      client_id: 'orders-api',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    expect(client_assertion).toBeTruthy()
  })

  test('A213 proves the client to the issuer alone, with a fresh assertion each time', async () => {
    const { exchange } = createExchange()
    await exchange(alice, target)
    await exchange(bob, target)

    const assertions = endpoint.received.map(({ form }) => form.get('client_assertion') as string)
    const jtis = new Set<unknown>()
    for (const assertion of assertions) {
      const { payload } = await jwtVerify(assertion, clientKeys, { clockTolerance: 2 })
      jtis.add(payload.jti)
      expect(payload).toMatchObject({
        iss: 'orders-api',
        sub: 'orders-api',
        aud: endpoint.issuer.issuer,
        iat: seconds,
        exp: seconds + 60,
      })
      expect(decodeProtectedHeader(assertion)).toMatchObject({ alg: 'ES256', kid: 'orders-1' })
    }
    expect(jtis.size).toBe(2)
  })

  test('asks once for the same subject, resource and scopes, until the token ends', async () => {
    const { exchange } = createExchange()
    const scopes = ['inventory.read', 'inventory.reserve']
    await exchange(alice, { ...target, scopes })
    await exchange(alice, { ...target, scopes: scopes.toReversed() })
    seconds += 53
    await exchange(alice, { ...target, scopes })
    expect(endpoint.received).toHaveLength(1)

    seconds += 1
    const { expiresAt } = await exchange(alice, { ...target, scopes })
    expect(endpoint.received).toHaveLength(2)
    expect(expiresAt).toBe(seconds + 60)
  })

  test('shares one request between those who ask at the same time', async () => {
    const { exchange } = createExchange()

    await Promise.all(Array.from({ length: 20 }, () => exchange(alice, target)))

    expect(endpoint.received).toHaveLength(1)
  })

  test('A225 never gives one person the token of another', async () => {
    const { exchange } = createExchange()
    const people = Array.from({ length: 25 }, (_, at) => `person-${at}`)
    const asked = [...people, ...people.toReversed(), ...people]

    const tokens = await Promise.all(
      asked.map(async (person) => (await exchange(createSecret(person), target)).accessToken),
    )

    expect(tokens.map((token) => token.reveal().split('.')[1])).toEqual(asked)
    expect(endpoint.received).toHaveLength(people.length)
  })

  test('asks apart for another resource and for other scopes', async () => {
    const { exchange } = createExchange()
    await exchange(alice, target)
    await exchange(alice, { ...target, resource: 'http://localhost:3013' })
    await exchange(alice, { ...target, scopes: ['inventory.reserve'] })

    expect(endpoint.received.map(({ form }) => [form.get('resource'), form.get('scope')])).toEqual([
      ['http://localhost:3012', 'inventory.read'],
      ['http://localhost:3013', 'inventory.read'],
      ['http://localhost:3012', 'inventory.reserve'],
    ])
  })

  test('holds a thousand tokens, then forgets the one longest unused', async () => {
    const { exchange } = createExchange()
    const ask = (name: string) => exchange(createSecret(name), target)
    await ask('kept')
    await ask('dropped')
    for (let batch = 0; batch < 10; batch++) {
      await ask('kept')
      await Promise.all(Array.from({ length: 100 }, (_, at) => ask(`${batch}/${at}`)))
    }
    const before = endpoint.received.length

    await ask('kept')
    expect(endpoint.received).toHaveLength(before)
    await ask('dropped')
    expect(endpoint.received).toHaveLength(before + 1)
  })

  test('passes the trace on', async () => {
    const telemetry = createTelemetry({ service: 'orders', level: 'silent' })
    const { exchange } = createExchange({}, telemetry)
    const traceId = '0af7651916cd43dd8448eb211c80319c'

    await telemetry.serve(`00-${traceId}-b7ad6b7169203331-01`, 'GET /orders', () =>
      exchange(alice, target),
    )

    expect(endpoint.received[0]?.headers.traceparent).toMatch(
      new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`),
    )
    await telemetry.close()
  })

  test('a target that is none is a programming mistake', async () => {
    const { exchange } = createExchange()
    for (const wrong of [{ scopes: [] }, { scopes: ['a b'] }, { resource: 'inventory' }]) {
      await expect(exchange(alice, { ...target, ...wrong })).rejects.toThrow(TypeError)
    }
    expect(endpoint.received).toEqual([])
  })
})

test.each<[string, () => Partial<TokenClientOptions>]>([
  ['a public key', () => ({ privateKey: { ...clientKey, d: undefined } as unknown as JWK })],
  ['no key', () => ({ privateKey: { kty: 'EC' } })],
  ['an empty clientId', () => ({ clientId: '' })],
  ['an endpoint over plain http', () => ({ tokenEndpoint: 'http://id.example/token' })],
])('options with %s are refused, without quoting them', (_, changes) => {
  const create = () => createExchange(changes())
  expect(create).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
  expect(create).not.toThrow(clientKey.d as string)
})
