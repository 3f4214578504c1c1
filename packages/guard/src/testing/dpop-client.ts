import { sha256 } from '@sallyport/core'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { audience, type LoopbackIssuer } from './loopback-issuer.ts'

/** A client with a key of its own. Its proofs are made by jose, not by what verifies them. */
export interface DpopClient {
  jkt: string
  /** An access token bound to its key. */
  obtain(claims?: Record<string, unknown>): Promise<string>
  /** A proof for `GET /inventory/items` of the API, but for the changes. */
  prove(accessToken: string, claims?: Record<string, unknown>): Promise<string>
}

/** Makes a client of the issuer. */
export async function createDpopClient(issuer: LoopbackIssuer): Promise<DpopClient> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = await exportJWK(publicKey as CryptoKey)
  const jkt = await calculateJwkThumbprint(jwk)
  return {
    jkt,
    obtain: (claims) => issuer.sign({ cnf: { jkt }, ...claims }),

    prove: (accessToken, claims) =>
      new SignJWT({
        jti: crypto.randomUUID(),
        htm: 'GET',
        htu: `${audience}/inventory/items`,
        iat: Math.floor(Date.now() / 1000),
        ath: sha256(accessToken),
        ...claims,
      })
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk })
        .sign(privateKey),
  }
}
