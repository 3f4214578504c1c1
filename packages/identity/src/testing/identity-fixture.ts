import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry } from '@sallyport/telemetry'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll } from 'vitest'
import { createIdentityServer, type IdentityOptions } from '../index.ts'
import { type Browser, type BrowserAnswer, openBrowser } from './browser.ts'

export const orders = 'http://localhost:3011'
export const inventory = 'http://localhost:3012'
export const callbackUri = 'http://localhost:3000/bff/callback'
export const signedOutUri = 'http://localhost:3000/'
export const nativeUri = 'http://127.0.0.1:8765/callback'
export const alice = { username: 'alice', password: 'wonderland-7' }
export const bob = { username: 'bob', password: 'builder-of-9' }

/** An identity server on a socket, with its clients and its log. */
export interface IdentityFixture {
  issuer: string
  port: number
  dataDir: string
  options: IdentityOptions
  /** Log lines so far, parsed. */
  log: Record<string, unknown>[]
  /** Starts the server again on the same folder and port. */
  restart(): Promise<void>
  /** An independent client, discovered from the server. */
  discover(clientId: string): Promise<client.Configuration>
  /** The private key of a client. */
  key(clientId: string): CryptoKey
  close(): Promise<void>
}

type ChangeOptions = (options: IdentityOptions) => IdentityOptions

/** A server for all tests of a file: there before the first, closed after the last. */
export function useIdentity(change?: ChangeOptions): IdentityFixture {
  const identity = {} as IdentityFixture
  beforeAll(async () => {
    Object.assign(identity, await startIdentity(change))
  })
  afterAll(() => identity.close())
  return identity
}

/** Starts a server; `change` may alter its options before. */
export async function startIdentity(
  change: ChangeOptions = (options) => options,
): Promise<IdentityFixture> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-identity-'))
  const log: Record<string, unknown>[] = []
  const keys = {
    bff: await generateKeyPair('ES256', { extractable: true }),
    'orders-api': await generateKeyPair('ES256', { extractable: true }),
    partner: await generateKeyPair('ES256', { extractable: true }),
  }
  const publicKeys: Record<string, { keys: JWK[] }> = {}
  for (const [name, { publicKey }] of Object.entries(keys)) {
    publicKeys[name] = { keys: [{ ...(await exportJWK(publicKey)), kid: name, alg: 'ES256' }] }
  }
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer = `http://localhost:${port}`
  const options = change(baseOptions({ issuer, dataDir, publicKeys, log }))
  let identity = await createIdentityServer(options)
  server.on('request', (req, res) => identity.handler(req, res))

  const key = (clientId: string) => keys[clientId as keyof typeof keys].privateKey
  return {
    issuer: options.issuer,
    port,
    dataDir,
    options,
    log,
    key,
    async restart() {
      await identity.close()
      identity = await createIdentityServer(options)
    },
    discover: (clientId) =>
      client.discovery(
        new URL(options.issuer),
        clientId,
        undefined,
        clientId in keys
          ? client.PrivateKeyJwt({ key: key(clientId), kid: clientId })
          : client.None(),
        { execute: [client.allowInsecureRequests] },
      ),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await identity.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

interface Basics {
  issuer: string
  dataDir: string
  publicKeys: Record<string, { keys: JWK[] }>
  log: Record<string, unknown>[]
}

function baseOptions({ issuer, dataDir, publicKeys, log }: Basics): IdentityOptions {
  const scopes = ['openid', 'profile', 'email', 'offline_access', 'orders.read', 'orders.write']
  const keyOf = (name: string) => ({ jwks: publicKeys[name] ?? { keys: [] } })
  return {
    issuer,
    dataDir,
    clients: [
      {
        clientId: 'bff',
        name: 'Sallyport demo',
        ...keyOf('bff'),
        redirectUris: [callbackUri],
        postLogoutRedirectUris: [signedOutUri],
        grantTypes: ['authorization_code', 'refresh_token'],
        scopes: [...scopes, 'inventory.read'],
        resources: [orders, inventory],
        consent: 'implicit',
      },
      {
        clientId: 'orders-api',
        name: 'Orders API',
        ...keyOf('orders-api'),
        redirectUris: [],
        postLogoutRedirectUris: [],
        grantTypes: ['client_credentials'],
        scopes: ['inventory.read', 'orders.read'],
        resources: [inventory, orders],
        consent: 'implicit',
        tokenExchange: { subjectAudiences: [orders], resources: [inventory, orders] },
      },
      {
        clientId: 'native',
        name: 'Native app',
        redirectUris: [nativeUri],
        postLogoutRedirectUris: [],
        grantTypes: ['authorization_code', 'refresh_token'],
        scopes: ['openid', 'orders.read'],
        resources: [orders],
        consent: 'implicit',
      },
      {
        clientId: 'partner',
        name: 'Partner <reports>',
        ...keyOf('partner'),
        redirectUris: ['https://partner.example/callback'],
        postLogoutRedirectUris: [],
        grantTypes: ['authorization_code', 'refresh_token'],
        scopes: ['openid', 'profile', 'offline_access', 'orders.read'],
        resources: [orders],
        rotateRefreshToken: 'always',
        consent: 'required',
        initiateLoginUri: 'https://partner.example/start',
      },
    ],
    resources: [
      { identifier: orders, scopes: ['orders.read', 'orders.write'] },
      { identifier: inventory, scopes: ['inventory.read', 'inventory.write'], accessTokenTtl: 120 },
    ],
    accounts: [
      { ...alice, name: 'Alice Liddell', email: 'alice@example.com' },
      { ...bob, name: 'Bob Builder', email: 'bob@example.com' },
    ],
    telemetry: createTelemetry({
      service: 'identity',
      destination: { write: (line) => void log.push(JSON.parse(line)) },
    }),
  }
}

/** What an authorization asks for. */
export interface Ask {
  scope?: string
  resource?: string[]
  redirectUri?: string
  /** Further parameters of the authorization request. */
  extra?: Record<string, string>
}

/** One authorization under way. */
export interface Attempt {
  config: client.Configuration
  browser: Browser
  verifier: string
  state: string
  nonce: string
  url: URL
  /** Proves possession of a key when the code is redeemed. */
  DPoP?: client.DPoPHandle
}

const everything = 'openid profile email orders.read orders.write inventory.read'

/** Builds an authorization request with PKCE, state and nonce. */
export async function beginSignIn(
  fixture: IdentityFixture,
  clientId = 'bff',
  ask: Ask = {},
): Promise<Attempt> {
  const { scope = everything, resource = [orders, inventory], redirectUri = callbackUri } = ask
  const config = await fixture.discover(clientId)
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const nonce = client.randomNonce()
  const parameters = new URLSearchParams({
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...ask.extra,
  })
  for (const one of resource) parameters.append('resource', one)
  const url = client.buildAuthorizationUrl(config, parameters)
  return { config, browser: openBrowser(), verifier, state, nonce, url }
}

/** Goes to the sign-in page and signs in. @returns the answer that leaves for the client. */
export async function signIn(attempt: Attempt, account = alice): Promise<BrowserAnswer> {
  const page = await attempt.browser.visit(attempt.url.href)
  return attempt.browser.submit(page, account)
}

/** Redeems the code of an answer, for one of the resources asked for, or for none. */
export function redeem(
  { config, verifier, state, nonce, DPoP }: Attempt,
  answer: BrowserAnswer,
  resource: string | null = orders,
) {
  return client.authorizationCodeGrant(
    config,
    new URL(String(answer.headers.location)),
    { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce },
    resource === null ? undefined : { resource },
    DPoP && { DPoP },
  )
}
