import { createSecret, errorCode } from '@sallyport/core'
import type { JWK } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createClientCredentials } from './client-credentials.ts'
import {
  createClientKey,
  startTokenEndpoint,
  type TokenEndpoint,
} from './testing/token-endpoint.ts'
import { createTokenExchange, type TokenExchange } from './token-exchange.ts'
import type { TokenClientOptions } from './token-request.ts'

const target = { resource: 'http://localhost:3012', scopes: ['inventory.read'] }

let clientKey: JWK
let endpoint: TokenEndpoint
let seconds: number

beforeAll(async () => {
  clientKey = (await createClientKey()).privateKey
})

beforeEach(async () => {
  endpoint = await startTokenEndpoint()
  seconds = Math.floor(Date.now() / 1000)
})

afterEach(() => endpoint.issuer.close())

function createExchange(changes: Partial<TokenClientOptions> = {}): TokenExchange {
  const { issuer } = endpoint.issuer
  return createTokenExchange(
    { issuer, clientId: 'orders-api', privateKey: clientKey, ...changes },
    { clock: () => seconds, uptime: () => seconds },
  )
}

const alice = createSecret('alice')

describe('failures', () => {
  async function code(changes: Partial<TokenClientOptions> = {}) {
    return errorCode(
      await createExchange(changes)
        .exchange(alice, target)
        .catch((e) => e),
    )
  }

  test.each([500, 502, 503, 429])('%i may pass: try again later', async (transient) => {
    endpoint.reply.status = transient
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
    endpoint.reply.status = final
    endpoint.reply.body = { error }
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
    endpoint.reply.body = wrong
    expect(await code()).toBe('ERR_TOKEN_EXCHANGE_FAILED')
  })

  test('an issuer that does not answer in time', async () => {
    endpoint.issuer.answers.set('/token', () => {})
    expect(await code({ timeout: 1 })).toBe('ERR_IDP_UNAVAILABLE')
  })

  test('an issuer that is gone', async () => {
    await endpoint.issuer.close()
    expect(await code()).toBe('ERR_IDP_UNAVAILABLE')
  })

  test('an answer of 1 MB', async () => {
    endpoint.reply.body = { access_token: 'x'.repeat(1_000_000) }
    expect(await code()).toBe('ERR_IDP_UNAVAILABLE')
  })

  test('a failure is not remembered', async () => {
    const { exchange } = createExchange()
    endpoint.reply.status = 503
    await expect(exchange(alice, target)).rejects.toThrow()
    endpoint.reply.status = 200
    expect((await exchange(alice, target)).accessToken.reveal()).toBe('for.alice.2')
  })

  test('say nothing of tokens and keys', async () => {
    endpoint.reply.status = 400
    endpoint.reply.body = { error: 'invalid_grant', error_description: 'alice is expired' }
    const error = await createExchange()
      .exchange(alice, target)
      .catch((caught: Error) => caught)
    expect(String((error as Error).message)).not.toContain('alice')
  })
})

describe('client credentials', () => {
  test('a token in the client’s own name, asked for once', async () => {
    endpoint.reply.body = { issued_token_type: undefined, scope: 'inventory.read' }
    const { obtain } = createClientCredentials(
      { issuer: endpoint.issuer.issuer, clientId: 'orders-api', privateKey: clientKey },
      { clock: () => seconds },
    )

    await obtain(target)
    const { expiresAt } = await obtain(target)

    expect(expiresAt).toBe(seconds + 60)
    expect(endpoint.received).toHaveLength(1)
    expect(endpoint.received[0]?.form.get('grant_type')).toBe('client_credentials')
    expect(endpoint.received[0]?.form.has('subject_token')).toBe(false)
  })
})
