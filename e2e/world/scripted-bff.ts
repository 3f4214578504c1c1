import { generateKeyPairSync } from 'node:crypto'
import { type Bff, type BffOptions, createBff, type PrivateJwk } from '@sallyport/bff'
import { createSealer, createSecret, randomToken, sha256 } from '@sallyport/core'
import type { SessionKey, SessionStore } from '@sallyport/session'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'

const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]

/** A BFF without sockets, with a look into what it keeps. */
export interface ScriptedBff {
  readonly bff: Bff
  readonly store: SessionStore
  /** Lines of its log. */
  readonly lines: string[]
  /** A session's content, unsealed, by its Set-Cookie. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what is there
  contentOf(setCookie: string | undefined): Promise<any>
}

/** Creates one for an issuer; client `bff`, one proxied path. */
export function createScriptedBff(issuer: string, options: Partial<BffOptions> = {}): ScriptedBff {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const store = createMemoryStore()
  const bff = createBff(
    {
      publicUrl: 'http://localhost:3000',
      issuer,
      clientId: 'bff',
      clientAuthentication: { secret: randomToken() },
      sealKeys,
      routes: [{ match: '/api/*', upstream: 'http://localhost:9' }],
      issuerTimeout: 2,
      ...options,
    },
    { store, telemetry: createTelemetry({ service: 'bff', destination }) },
  )
  return {
    bff,
    store,
    lines,
    async contentOf(setCookie) {
      const key = sha256(/=([^;]*)/.exec(setCookie ?? '')?.[1] ?? '') as SessionKey
      const record = await store.get(key)
      const text = record && createSealer(sealKeys, 'session').open(record.sealed, key)
      if (text === undefined) throw new Error('there is no such session')
      return JSON.parse(text)
    },
  }
}

/** A new private key of a client, as its options want it, and what the issuer may know of it. */
export function createClientKey(alg: 'ES256' | 'PS256' | 'RS256' | 'EdDSA' | 'Ed25519'): {
  privateJwk: PrivateJwk
  publicJwk: Record<string, unknown>
} {
  const { privateKey, publicKey } = generate(alg)
  const names = { kid: `kid-of-${alg}-${randomToken().slice(0, 8)}`, alg }
  return {
    privateJwk: { ...privateKey.export({ format: 'jwk' }), ...names } as PrivateJwk,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), ...names },
  }
}

function generate(alg: string) {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (alg.startsWith('Ed')) return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}
