import { generateKeyPairSync } from 'node:crypto'
import { type Bff, type BffOptions, createBff, type PrivateJwk } from '@sallyport/bff'
import { createSecret, randomToken } from '@sallyport/core'
import { createTelemetry } from '@sallyport/telemetry'
import { inject } from 'vitest'
import { fileStore } from './file-store.ts'

const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]

/** A BFF without sockets, and its log. */
export interface ScriptedBff {
  readonly bff: Bff
  /** Lines of its log. */
  readonly lines: string[]
}

/** Creates one for an issuer; client `bff`, one proxied path. It is never closed: the store is. */
export function createScriptedBff(issuer: string, options: Partial<BffOptions> = {}): ScriptedBff {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
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
      session: { mode: inject('sessionMode'), ...options.session },
    },
    { store: fileStore, telemetry: createTelemetry({ service: 'bff', destination }) },
  )
  return {
    bff,
    lines,
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
