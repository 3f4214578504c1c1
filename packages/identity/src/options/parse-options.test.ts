import { generateKeyPairSync } from 'node:crypto'
import type { JWK } from 'jose'
import { describe, expect, test } from 'vitest'
import type { IdentityClientOptions, IdentityOptions } from './identity-options.ts'
import { parseIdentityOptions } from './parse-options.ts'

const publicJwk: JWK = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  format: 'jwk',
}) as JWK
const shortJwk: JWK = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
  format: 'jwk',
}) as JWK

const client: IdentityClientOptions = {
  clientId: 'bff',
  name: 'Demo',
  jwks: { keys: [publicJwk] },
  redirectUris: ['http://localhost:3000/bff/callback'],
  postLogoutRedirectUris: ['http://localhost:3000/'],
  grantTypes: ['authorization_code', 'refresh_token'],
  scopes: ['openid', 'orders.read'],
  resources: ['http://localhost:3011'],
  consent: 'implicit',
}

const options: IdentityOptions = {
  issuer: 'http://localhost:3001',
  dataDir: 'data',
  clients: [client],
  resources: [{ identifier: 'http://localhost:3011', scopes: ['orders.read'] }],
  accounts: [{ username: 'alice', password: 'secret-of-alice', name: 'A', email: 'a@example.com' }],
}

function problemsOf(change: object): string {
  try {
    parseIdentityOptions({ ...options, ...change } as IdentityOptions)
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CONFIG_INVALID' })
    return (error as Error).message
  }
  return ''
}

const withClient = (change: object) => problemsOf({ clients: [{ ...client, ...change }] })

describe('options', () => {
  test('get their defaults', () => {
    const config = parseIdentityOptions({ ...options, lifetimes: { accessToken: 60 } })
    expect(config.lifetimes).toEqual({
      accessToken: 60,
      authorizationCode: 60,
      idToken: 300,
      interaction: 3600,
      refreshToken: 43_200,
      refreshTokenGrace: 10,
      session: 43_200,
    })
  })

  test('A298: all problems come at once, each with its path, and never a password', () => {
    const message = problemsOf({
      issuer: 'http://id.example.com',
      lifetime: {},
      clients: [
        { ...client, redirectUri: [], grantTypes: ['password'] },
        { ...client, scopes: [] },
      ],
      accounts: [{ username: 'Alice!', password: 'hunter2-hunter2', name: 'A', email: 'a' }],
      resources: [],
    })
    const expected = [
      'issuer: must be https: http is for loopback hosts only',
      'unknown key "lifetime": did you mean "lifetimes"?',
      'clients[0]: unknown key "redirectUri": did you mean "redirectUris"?',
      'clients[0].grantTypes[0]: ',
      'clients[1].clientId: "bff" occurs twice',
      'clients[1].scopes: must contain openid',
      'clients[1].resources[0]: "http://localhost:3011" is not declared under resources',
      'accounts[0].username: ',
      'accounts[0].email: ',
    ]
    for (const line of expected) expect(message).toContain(line)
    expect(message).not.toContain('hunter2')
  })

  test.each([
    ['javascript:alert(1)', 'must be https or http'],
    ['http://remote.example/cb', 'must be https'],
    ['https://*.example.com/cb', 'must not contain a wildcard'],
    ['https://app.example.com/cb#x', 'must not contain a fragment'],
    ['https://user:pw@app.example.com/cb', 'must not contain a user name'],
    ['/bff/callback', 'is not an absolute URL'],
  ])('T13: a redirect URI %s is refused', (uri, problem) => {
    expect(withClient({ redirectUris: [uri] })).toContain(`clients[0].redirectUris[0]: ${problem}`)
    expect(withClient({ postLogoutRedirectUris: [uri] })).toContain(problem)
  })

  test.each([
    [{ issuer: 'https://id.example.com/' }, 'must be an origin'],
    [{ issuer: 'https://id.example.com/path' }, 'must be an origin'],
    [{ allowedPrivateOrigins: ['http://localhost:3000/bff'] }, 'must be an origin'],
    [{ lifetimes: { accessToken: 0 } }, 'lifetimes.accessToken: '],
    [{ lifetimes: { refreshTokenGrace: 61 } }, 'lifetimes.refreshTokenGrace: '],
    [{ lifetimes: { refreshTokenGrace: -1 } }, 'lifetimes.refreshTokenGrace: '],
    [{ telemetry: {} }, 'telemetry: is not a Telemetry'],
  ])('%j is refused', (change, problem) => {
    expect(problemsOf(change)).toContain(problem)
  })

  test.each([
    [{ jwks: { keys: [{ ...publicJwk, d: 'private' }] } }, 'is a private key'],
    [{ jwks: { keys: [{ kty: 'oct', k: 'secret' }] } }, 'clients[0].jwks.keys[0]'],
    [{ jwks: { keys: [{ kty: 'EC', crv: 'P-256' }] } }, 'is not a usable public key'],
    [{ jwks: { keys: [{ ...publicJwk, x: publicJwk.y }] } }, 'is not a usable public key'],
    [{ jwks: { keys: [shortJwk] } }, 'is too short: 1024 bits'],
    [{ redirectUris: [] }, 'redirectUris: needs at least one'],
    [{ scopes: ['openid', 'orders.raed'] }, '"orders.raed" is not declared under resources'],
    [{ resources: ['http://localhost:9'] }, 'resources[0]: "http://localhost:9"'],
    [{ grantTypes: ['refresh_token'] }, 'refresh_token needs authorization_code'],
    [
      { grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange'] },
      'tokenExchange: must say what',
    ],
    [
      { tokenExchange: { subjectAudiences: ['http://a.example'], resources: [] } },
      'clients[0].tokenExchange.resources: ',
    ],
    [{ backchannelLogoutUri: 'http://localhost:3000/x' }, 'allowedPrivateOrigins'],
  ])('a client with %j is refused', (change, problem) => {
    expect(withClient(change)).toContain(problem)
  })

  test('a public client gets no client credentials and no token exchange', () => {
    const { jwks: _jwks, ...publicClient } = client
    const tokenExchange = {
      subjectAudiences: ['http://localhost:3011'],
      resources: ['http://localhost:3011'],
    }
    const clients = [{ ...publicClient, grantTypes: ['client_credentials'], tokenExchange }]
    const message = problemsOf({ clients })
    expect(message).toContain('client_credentials needs a confidential client')
    expect(message).toContain('token exchange needs a confidential client')
  })
})
