import type { RequestListener } from 'node:http'
import { exportJWK } from 'jose'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createGuard, type Guard } from './guard.ts'
import type { GuardOptions } from './guard-options.ts'
import {
  audience,
  createIssuerKey,
  type LoopbackIssuer,
  startIssuer,
} from './testing/loopback-issuer.ts'
import { sendJson } from './testing/loopback-server.ts'

let issuer: LoopbackIssuer
let seconds: number
let guard: Guard

beforeEach(async () => {
  issuer = await startIssuer()
  seconds = 1000
  guard = guardWith({})
})

afterEach(() => issuer.close())

function guardWith(options: Partial<GuardOptions>): Guard {
  const whole = { issuer: issuer.issuer, audience, ...options }
  return createGuard(whole, { uptime: () => seconds })
}

async function judge(accessToken: string, by = guard) {
  const request = { headers: { authorization: `Bearer ${accessToken}` } }
  const answer = await by.authorize(request, { scopes: [] })
  return answer.allowed ? 'allowed' : answer.problem.code
}

const fetches = () => issuer.requests.filter((path) => path === '/jwks').length
const down: RequestListener = (_, response) => sendJson(response, {}, 500)

describe('A193, A260 the issuer’s keys', () => {
  test('one fetch serves all requests that wait for it', async () => {
    const accessToken = await issuer.sign()

    const answers = await Promise.all(Array.from({ length: 50 }, () => judge(accessToken)))

    expect(new Set(answers)).toEqual(new Set(['allowed']))
    expect(fetches()).toBe(1)
  })

  test('an unknown kid triggers at most one refetch per cooldown, shared by all', async () => {
    expect(await judge(await issuer.sign())).toBe('allowed')
    const flood = async () => {
      const forged = Array.from({ length: 30 }, () => issuer.sign({}, { kid: crypto.randomUUID() }))
      return Promise.all(forged.map(async (accessToken) => judge(await accessToken)))
    }

    expect(new Set(await flood())).toEqual(new Set(['ERR_TOKEN_INVALID']))
    expect(fetches()).toBe(1)
    seconds += 30
    expect(new Set(await flood())).toEqual(new Set(['ERR_TOKEN_INVALID']))
    await flood()
    expect(fetches()).toBe(2)
  })

  test('the throttle holds while the issuer is down', async () => {
    expect(await judge(await issuer.sign())).toBe('allowed')
    issuer.answers.set('/jwks', down)
    seconds += 30
    for (let at = 0; at < 20; at++) await judge(await issuer.sign({}, { kid: `k${at}` }))

    expect(fetches()).toBe(2)
  })

  test('a new key is found after the cooldown', async () => {
    expect(await judge(await issuer.sign())).toBe('allowed')
    const next = await createIssuerKey('ES256', 'next')
    issuer.keys.push(next.jwk)
    issuer.key.privateKey = next.privateKey
    const accessToken = await issuer.sign({}, { kid: 'next' })

    expect(await judge(accessToken)).toBe('ERR_TOKEN_INVALID')
    seconds += 30
    expect(await judge(accessToken)).toBe('allowed')
  })

  test('a withdrawn key is forgotten within ten minutes', async () => {
    const accessToken = await issuer.sign()
    expect(await judge(accessToken)).toBe('allowed')
    issuer.keys.pop()
    seconds += 600

    expect(await judge(accessToken)).toBe('ERR_TOKEN_INVALID')
  })

  test('keys outlive the issuer by an hour, not more', async () => {
    const accessToken = await issuer.sign()
    expect(await judge(accessToken)).toBe('allowed')
    issuer.answers.set('/jwks', down)

    seconds += 3599
    expect(await judge(accessToken)).toBe('allowed')
    seconds += 1
    expect(await judge(accessToken)).toBe('ERR_ISSUER_KEYS_UNAVAILABLE')
    issuer.answers.clear()
    seconds += 5
    expect(await judge(accessToken)).toBe('allowed')
  })
})

describe('an issuer that cannot be asked', () => {
  test('is answered by 503 with Retry-After, never by 401', async () => {
    const accessToken = await issuer.sign()
    await issuer.close()

    const request = { headers: { authorization: `Bearer ${accessToken}` } }
    const answer = await guard.authorize(request, { scopes: [] })

    expect(answer).toMatchObject({
      allowed: false,
      status: 503,
      headers: { 'retry-after': '5' },
      problem: { code: 'ERR_ISSUER_KEYS_UNAVAILABLE' },
    })
    expect(answer).not.toHaveProperty('headers.www-authenticate')
  })

  test('is not blamed on a token of an unknown kid', async () => {
    expect(await judge(await issuer.sign())).toBe('allowed')
    issuer.answers.set('/jwks', down)
    seconds += 30

    const accessToken = await issuer.sign({}, { kid: 'next' })
    expect(await judge(accessToken)).toBe('ERR_ISSUER_KEYS_UNAVAILABLE')
  })

  test.each<[string, string, RequestListener]>([
    ['keys of 1 MB', '/jwks', (_, response) => void response.end(`"${'x'.repeat(1_000_000)}"`)],
    ['keys that are not JSON', '/jwks', (_, response) => void response.end('<html>')],
    ['keys that are no key set', '/jwks', (_, response) => sendJson(response, { keys: 'x' })],
    [
      'a redirect to other keys',
      '/jwks',
      (_, response) => void response.writeHead(302, { location: '/other' }).end(),
    ],
    [
      'metadata of another issuer (A261)',
      '/.well-known/openid-configuration',
      (request, response) =>
        sendJson(response, {
          issuer: 'https://evil.example',
          jwks_uri: `http://${request.headers.host}/jwks`,
        }),
    ],
    [
      'metadata that names keys over plain http (A261)',
      '/.well-known/openid-configuration',
      (request, response) =>
        sendJson(response, {
          issuer: `http://${request.headers.host}`,
          jwks_uri: 'http://keys.example/jwks',
        }),
    ],
    [
      'metadata behind a redirect (A261)',
      '/.well-known/openid-configuration',
      (_, response) => void response.writeHead(302, { location: '/other' }).end(),
    ],
    ['no metadata at all', '/.well-known/openid-configuration', (_, r) => sendJson(r, {}, 404)],
  ])('%s', async (_, path, answer) => {
    issuer.answers.set('/other', (_request, response) => sendJson(response, { keys: issuer.keys }))
    issuer.answers.set(path, answer)

    expect(await judge(await issuer.sign())).toBe('ERR_ISSUER_KEYS_UNAVAILABLE')
    expect(issuer.requests).not.toContain('/other')
  })

  test('one that never answers costs the time-out', async () => {
    issuer.answers.set('/jwks', () => {})
    const impatient = guardWith({ timeout: 1, jwksUri: `${issuer.origin}/jwks` })

    expect(await judge(await issuer.sign(), impatient)).toBe('ERR_ISSUER_KEYS_UNAVAILABLE')
    expect(issuer.requests).toEqual(['/jwks'])
  })
})

describe('where the keys are', () => {
  test('RFC 8414 metadata is used when there is none of OpenID Connect', async () => {
    issuer.answers.set('/.well-known/openid-configuration', (_, r) => sendJson(r, {}, 404))
    issuer.answers.set('/.well-known/oauth-authorization-server', (_, response) =>
      sendJson(response, { issuer: issuer.issuer, jwks_uri: `${issuer.origin}/jwks` }),
    )

    expect(await judge(await issuer.sign())).toBe('allowed')
  })

  test('a jwksUri given is used without metadata', async () => {
    const direct = guardWith({ jwksUri: `${issuer.origin}/jwks` })

    expect(await judge(await issuer.sign(), direct)).toBe('allowed')
    expect(issuer.requests).toEqual(['/jwks'])
  })

  test('a private key among the published ones is not used', async () => {
    issuer.keys[0] = { ...issuer.key.jwk, ...(await exportJWK(issuer.key.privateKey)) }

    expect(await judge(await issuer.sign())).toBe('ERR_ISSUER_KEYS_UNAVAILABLE')
  })
})

test.each(['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'])('a key of %s', async (alg) => {
  const key = await createIssuerKey(alg, 'first')
  issuer.keys[0] = key.jwk
  issuer.key.privateKey = key.privateKey

  expect(await judge(await issuer.sign({}, { alg }))).toBe('allowed')
  const narrowed = guardWith({ algorithms: ['ES384'] })
  expect(await judge(await issuer.sign({}, { alg }), narrowed)).toBe('ERR_TOKEN_INVALID')
})
