import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import { createSecret, errorCode } from '@sallyport/core'
import { createTelemetry, type Telemetry } from '@sallyport/telemetry'
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  type JWK,
  jwtVerify,
} from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createClientCredentials } from './client-credentials.ts'
import { type LoopbackIssuer, startIssuer } from './testing/loopback-issuer.ts'
import { readText, sendJson } from './testing/loopback-server.ts'
import { createTokenExchange, type TokenExchange } from './token-exchange.ts'
import type { TokenClientOptions } from './token-request.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const target = { resource: 'http://localhost:3012', scopes: ['inventory.read'] }

let clientKey: JWK
let clientKeys: ReturnType<typeof createLocalJWKSet>

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  clientKey = { ...(await exportJWK(privateKey)), kid: 'orders-1', alg: 'ES256' }
  clientKeys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: 'orders-1' }] })
})

let issuer: LoopbackIssuer
let seconds: number
let received: { form: URLSearchParams; headers: IncomingHttpHeaders }[]
/** What the token endpoint answers, on top of its sound answer. */
let answer: Record<string, unknown>
let status: number

beforeEach(async () => {
  issuer = await startIssuer()
  seconds = Math.floor(Date.now() / 1000)
  received = []
  answer = {}
  status = 200
  issuer.answers.set('/token', tokenEndpoint)
})

afterEach(() => issuer.close())

const tokenEndpoint: RequestListener = async (request, response) => {
  const form = new URLSearchParams(await readText(request))
  received.push({ form, headers: request.headers })
  const sound = {
    access_token: `for.${form.get('subject_token')}.${received.length}`,
    issued_token_type: accessTokenType,
    token_type: 'Bearer',
    expires_in: 60,
  }
  sendJson(response, status === 200 ? { ...sound, ...answer } : answer, status)
}

function createExchange(
  changes: Partial<TokenClientOptions> = {},
  telemetry?: Telemetry,
): TokenExchange {
  return createTokenExchange(
    { issuer: issuer.issuer, clientId: 'orders-api', privateKey: clientKey, ...changes },
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
    const { client_assertion, ...form } = Object.fromEntries(received[0]?.form ?? [])
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

    const assertions = received.map(({ form }) => form.get('client_assertion') as string)
    const jtis = new Set<unknown>()
    for (const assertion of assertions) {
      const { payload } = await jwtVerify(assertion, clientKeys, { clockTolerance: 2 })
      jtis.add(payload.jti)
      expect(payload).toMatchObject({
        iss: 'orders-api',
        sub: 'orders-api',
        aud: issuer.issuer,
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
    seconds += 49
    await exchange(alice, { ...target, scopes })
    expect(received).toHaveLength(1)

    seconds += 1
    const { expiresAt } = await exchange(alice, { ...target, scopes })
    expect(received).toHaveLength(2)
    expect(expiresAt).toBe(seconds + 60)
  })

  test('shares one request between those who ask at the same time', async () => {
    const { exchange } = createExchange()

    await Promise.all(Array.from({ length: 20 }, () => exchange(alice, target)))

    expect(received).toHaveLength(1)
  })

  test('A225 never gives one person the token of another', async () => {
    const { exchange } = createExchange()
    const people = Array.from({ length: 25 }, (_, at) => `person-${at}`)
    const asked = [...people, ...people.toReversed(), ...people]

    const tokens = await Promise.all(
      asked.map(async (person) => (await exchange(createSecret(person), target)).accessToken),
    )

    expect(tokens.map((token) => token.reveal().split('.')[1])).toEqual(asked)
    expect(received).toHaveLength(people.length)
  })

  test('asks apart for another resource and for other scopes', async () => {
    const { exchange } = createExchange()
    await exchange(alice, target)
    await exchange(alice, { ...target, resource: 'http://localhost:3013' })
    await exchange(alice, { ...target, scopes: ['inventory.reserve'] })

    expect(received.map(({ form }) => [form.get('resource'), form.get('scope')])).toEqual([
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
    const before = received.length

    await ask('kept')
    expect(received).toHaveLength(before)
    await ask('dropped')
    expect(received).toHaveLength(before + 1)
  })

  test('passes the trace on', async () => {
    const telemetry = createTelemetry({ service: 'orders', level: 'silent' })
    const { exchange } = createExchange({}, telemetry)
    const traceId = '0af7651916cd43dd8448eb211c80319c'

    await telemetry.serve(`00-${traceId}-b7ad6b7169203331-01`, 'GET /orders', () =>
      exchange(alice, target),
    )

    expect(received[0]?.headers.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
    await telemetry.close()
  })

  test('a target that is none is a programming mistake', async () => {
    const { exchange } = createExchange()
    for (const wrong of [{ scopes: [] }, { scopes: ['a b'] }, { resource: 'inventory' }]) {
      await expect(exchange(alice, { ...target, ...wrong })).rejects.toThrow(TypeError)
    }
    expect(received).toEqual([])
  })
})

describe('failures', () => {
  async function code(changes: Partial<TokenClientOptions> = {}) {
    return errorCode(
      await createExchange(changes)
        .exchange(alice, target)
        .catch((e) => e),
    )
  }

  test.each([500, 502, 503, 429])('%i may pass: try again later', async (transient) => {
    status = transient
    expect(await code()).toBe('ERR_IDP_UNAVAILABLE')
  })

  test.each([
    [400, 'invalid_grant', 'ERR_TOKEN_INVALID'],
    [400, 'invalid_request', 'ERR_TOKEN_INVALID'],
    [400, 'invalid_scope', 'ERR_TOKEN_EXCHANGE_FAILED'],
    [400, 'invalid_target', 'ERR_TOKEN_EXCHANGE_FAILED'],
    [401, 'invalid_client', 'ERR_TOKEN_EXCHANGE_FAILED'],
    [403, '<html>', 'ERR_TOKEN_EXCHANGE_FAILED'],
    [302, undefined, 'ERR_TOKEN_EXCHANGE_FAILED'],
  ])('%i %s is %s', async (final, error, expected) => {
    status = final
    answer = { error }
    expect(await code()).toBe(expected)
  })

  test.each<[string, Record<string, unknown>]>([
    ['no token', { access_token: undefined }],
    ['a token with a line break', { access_token: 'a\r\nb' }],
    ['another type of token', { issued_token_type: 'urn:ietf:params:oauth:token-type:id_token' }],
    ['no type of token', { issued_token_type: undefined }],
    ['a token that is not bearer', { token_type: 'DPoP' }],
    ['no lifetime', { expires_in: undefined }],
    ['a lifetime in the past', { expires_in: -1 }],
    ['a lifetime of ten years', { expires_in: 315_360_000 }],
    ['a lifetime that is text', { expires_in: '60' }],
    ['wider scopes', { scope: 'inventory.read inventory.reserve' }],
    ['other scopes', { scope: 'inventory.reserve' }],
    ['no scopes', { scope: '' }],
  ])('an answer with %s is refused', async (_, wrong) => {
    answer = wrong
    expect(await code()).toBe('ERR_TOKEN_EXCHANGE_FAILED')
  })

  test('an issuer that does not answer in time', async () => {
    issuer.answers.set('/token', () => {})
    expect(await code({ timeout: 1 })).toBe('ERR_IDP_UNAVAILABLE')
  })

  test('an issuer that is gone', async () => {
    await issuer.close()
    expect(await code()).toBe('ERR_IDP_UNAVAILABLE')
  })

  test('an answer of 1 MB', async () => {
    answer = { access_token: 'x'.repeat(1_000_000) }
    expect(await code()).toBe('ERR_IDP_UNAVAILABLE')
  })

  test('a failure is not remembered', async () => {
    const { exchange } = createExchange()
    status = 503
    await expect(exchange(alice, target)).rejects.toThrow()
    status = 200
    expect((await exchange(alice, target)).accessToken.reveal()).toBe('for.alice.2')
  })

  test('say nothing of tokens and keys', async () => {
    status = 400
    answer = { error: 'invalid_grant', error_description: 'alice is expired' }
    const error = await createExchange()
      .exchange(alice, target)
      .catch((caught: Error) => caught)
    expect(String((error as Error).message)).not.toContain('alice')
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

describe('client credentials', () => {
  test('a token in the client’s own name, asked for once', async () => {
    answer = { issued_token_type: undefined, scope: 'inventory.read' }
    const { obtain } = createClientCredentials(
      { issuer: issuer.issuer, clientId: 'orders-api', privateKey: clientKey },
      { clock: () => seconds },
    )

    await obtain(target)
    const { expiresAt } = await obtain(target)

    expect(expiresAt).toBe(seconds + 60)
    expect(received).toHaveLength(1)
    expect(received[0]?.form.get('grant_type')).toBe('client_credentials')
    expect(received[0]?.form.has('subject_token')).toBe(false)
  })
})
