import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomToken } from '@sallyport/core'
import {
  createIdentityServer,
  type IdentityClientOptions,
  type ResourceOptions,
} from '@sallyport/identity'
import { createTelemetry } from '@sallyport/telemetry'
import { inject } from 'vitest'
import { type Browser, createBrowser } from './browser.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { passwordOf } from './world.ts'

/**
 * The inside of somebody's network, for gateways that are programs with a configuration file: the
 * real identity server, which has one address inside and another name outside that nothing inside
 * can reach, and one recorder that stands for all APIs.
 */
export interface Inside {
  /** Its name outside, `https://id.example`. */
  readonly issuer: string
  /** Its address inside. */
  readonly issuerInternalUrl: string
  /** Paths that the identity server was asked inside, not by browsers. */
  readonly askedInside: string[]
  /** A private JWK of a client; the identity server knows its first and its second. */
  clientKey(clientId: string, which: ClientKey): object
  readonly api: Recorder
  readonly apiUrl: string
  /** Of secrets and configuration files; its path is absolute. */
  readonly folder: string
  /** Writes a file the way careful programs do, whole or not at all. @returns its path */
  write(name: string, text: string): Promise<string>
  /** A browser that knows where the outside names are. */
  openBrowser(places: Record<string, string>): Browser
  close(): Promise<void>
}

export type ClientKey = 'first' | 'second' | 'unknown'

/** What the identity server knows. */
export interface InsideOptions {
  readonly clients: readonly InsideClient[]
  readonly resources: readonly ResourceOptions[]
}

/** A confidential client; of its two keys the configuration may use either. */
export interface InsideClient {
  readonly clientId: string
  /** Where it is outside; each frontend that is this client. */
  readonly publicUrls: readonly string[]
  readonly scopes: string[]
  readonly resources: string[]
}

const issuer = 'https://id.example'

/** Starts everything but the gateway. */
export async function createInside({ clients, resources }: InsideOptions): Promise<Inside> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-inside-'))
  const keys = new Map<string, object>()
  for (const { clientId } of clients) {
    for (const which of ['first', 'second', 'unknown'] as const) {
      keys.set(`${clientId} ${which}`, createPrivateJwk(`${clientId}-${which}`))
    }
  }
  const keyOf = (clientId: string, which: ClientKey) =>
    keys.get(`${clientId} ${which}`) as PrivateJwk
  const api = createRecorder()
  const askedInside: string[] = []
  const issuerServer = createServer((request, response) => {
    if (request.headers.host !== new URL(issuer).host) {
      askedInside.push(`${request.method} ${request.url?.split('?')[0]}`)
    }
    identity.handler(request, response)
  })
  const issuerInternalUrl = await listen(issuerServer)
  const identity = await createIdentityServer({
    ...{
      issuer,
      internalUrl: issuerInternalUrl,
      dataDir: join(folder, 'identity'),
      resources: [...resources],
    },
    accounts: [
      { username: 'alice', password: passwordOf('alice'), name: 'Alice', email: 'a@example.com' },
    ],
    clients: clients.map((client) => {
      const both = (['first', 'second'] as const).map((which) => keyOf(client.clientId, which))
      return toClient(client, both.map(toPublicJwk))
    }),
    telemetry: createTelemetry({ service: 'identity', destination: { write: () => undefined } }),
  })
  const apiUrl = await listen(api.server)

  return {
    ...{ issuer, issuerInternalUrl, askedInside, api, apiUrl, folder },
    clientKey: keyOf,

    async write(name, text) {
      const draft = join(folder, `${randomToken()}.draft`)
      await writeFile(draft, text, { mode: 0o600 })
      await rename(draft, join(folder, name))
      return join(folder, name)
    },

    openBrowser: (places) =>
      createBrowser({ places: Object.assign(places, { [issuer]: issuerInternalUrl }) }),

    async close() {
      for (const server of [issuerServer, api.server]) {
        const closed = once(server, 'close')
        server.close()
        server.closeAllConnections()
        await closed
      }
      await identity.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** What the API of most flows is called. */
const orders = 'https://orders.example'

/** Two clients, `shop` at https://shop.example and `desk` at https://desk.example, and one API. */
export function createShopAndDesk(): Promise<Inside> {
  return createInside({
    resources: [{ identifier: orders, scopes: ['orders.read'] }],
    clients: ['shop', 'desk'].map((clientId) => ({
      ...{ clientId, scopes: ['orders.read'], resources: [orders] },
      publicUrls: [`https://${clientId}.example`],
    })),
  })
}

/** The options of one of these two, as they stand in a file: with `$env` SEAL_KEY. */
export function frontendOf(inside: Inside, clientId: string, more: object = {}) {
  const bff = {
    publicUrl: `https://${clientId}.example`,
    ...{ issuer: inside.issuer, issuerInternalUrl: inside.issuerInternalUrl, clientId },
    clientAuthentication: { privateKey: { $file: `${clientId}.jwk`, $parse: 'json' } },
    scopes: ['orders.read'],
    sealKeys: [{ kid: 'k1', key: { $env: 'SEAL_KEY' } }],
    session: { mode: inject('sessionMode') },
    routes: [{ match: '/api/*', upstream: inside.apiUrl, resource: orders }],
  }
  return { bff: { ...bff, ...more } }
}

/** Signs alice in at a frontend. @throws Error with the code that its page shows instead. */
export async function signInAt(browser: Browser, publicUrl: string): Promise<void> {
  const page = await browser.navigate(`${publicUrl}/bff/login?returnUrl=/`)
  const back = await browser.submit(page, { username: 'alice', password: passwordOf('alice') })
  const { status } = await browser.call(`${publicUrl}/bff/user`)
  if (status === 200) return
  const code = /ERR_[A-Z_]+/.exec(back.answer.text)?.[0]
  throw new Error(`sign-in failed: ${code ?? back.answer.text}`)
}

function toClient(
  { clientId, publicUrls, scopes, resources }: InsideClient,
  keys: PrivateJwk[],
): IdentityClientOptions {
  return {
    ...{ clientId, name: clientId, scopes: ['openid', 'profile', ...scopes], resources },
    redirectUris: publicUrls.map((url) => `${url}/bff/callback`),
    postLogoutRedirectUris: publicUrls.map((url) => `${url}/`),
    jwks: { keys },
    grantTypes: ['authorization_code', 'refresh_token'],
    consent: 'implicit',
  }
}

type PrivateJwk = JsonWebKey & { kty: string; kid: string }

function createPrivateJwk(kid: string): PrivateJwk {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kty: 'EC', kid, alg: 'ES256', use: 'sig' }
}

function toPublicJwk({ d: _, ...publicJwk }: PrivateJwk): PrivateJwk {
  return publicJwk
}

async function listen(server: Server): Promise<string> {
  server.listen({ host: 'localhost', port: 0 })
  await once(server, 'listening')
  return `http://localhost:${(server.address() as AddressInfo).port}`
}
