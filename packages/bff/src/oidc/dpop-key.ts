import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint, importJWK } from 'jose'
import * as client from 'openid-client'

/** A private EC key as a JWK: what proves that an access token is ours to use. ES256. */
export interface DpopKey {
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly y: string
  readonly d: string
}

/** Creates a key. Each session gets its own: what one session's key leaks opens no other. */
export function createDpopKey(): DpopKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' })
  return { kty, crv, x, y, d } as DpopKey
}

/**
 * A key's name in `dpop_jkt` and `cnf`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-10 RFC 9449, section 10}
 */
export function thumbprintOf(key: DpopKey): Promise<string> {
  return calculateJwkThumbprint(publicPart(key))
}

/** The latest nonce of each origin, for all sessions: servers give them to clients, not to keys. */
export interface DpopNonces {
  remember(url: URL, nonce: string | null): void
  latest(url: URL): string | undefined
}

const mostOrigins = 16
const longestNonce = 512

export function createDpopNonces(): DpopNonces {
  const nonces = new Map<string, string>()
  return {
    remember({ origin }, nonce) {
      if (!nonce || nonce.length > longestNonce) return
      if (nonces.size < mostOrigins || nonces.has(origin)) nonces.set(origin, nonce)
    },
    latest: ({ origin }) => nonces.get(origin),
  }
}

/** What the protocol library makes proofs with; it asks once more when the issuer wants a nonce. */
export async function createDpopHandle(
  provider: client.Configuration,
  key: DpopKey,
  nonces: DpopNonces,
): Promise<client.DPoPHandle> {
  const [privateKey, publicKey] = await Promise.all([
    importJWK({ ...key }, 'ES256'),
    importJWK({ ...publicPart(key) }, 'ES256', { extractable: true }),
  ])
  const pair = { privateKey, publicKey } as client.CryptoKeyPair
  return client.getDPoPHandle(provider, pair, {
    [client.modifyAssertion](_header, payload) {
      const nonce = nonces.latest(new URL(String(payload.htu)))
      if (nonce !== undefined) payload.nonce = nonce
    },
  })
}

function publicPart({ kty, crv, x, y }: DpopKey) {
  return { kty, crv, x, y }
}
