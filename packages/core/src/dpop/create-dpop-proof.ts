import { sign } from 'node:crypto'
import { type Clock, systemClock } from '../clock.ts'
import { randomToken, sha256 } from '../random.ts'
import { toSigningKey } from './algorithms.ts'
import type { DpopKey } from './dpop-key.ts'
import { withoutQuery } from './target-uri.ts'

/** What a proof is made for: one request. */
export interface DpopProofRequest {
  key: DpopKey
  /** Method of the request. */
  htm: string
  /** URL of the request; query and fragment are left out. */
  htu: string
  /** For a request to a resource: the token that goes along. Left out at a token endpoint. */
  accessToken?: string
  /** What the server last gave in `DPoP-Nonce`. */
  nonce?: string
}

/** What decides about time. */
export interface DpopContext {
  /** @defaultValue the machine's clock */
  clock?: Clock
}

/**
 * Makes the value of a `DPoP` header for one request, signed ES256: another request needs another.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-4.2 RFC 9449, section 4.2}
 */
export function createDpopProof(request: DpopProofRequest, context: DpopContext = {}): string {
  const { key, htm, htu, accessToken, nonce } = request
  const payload = JSON.stringify({
    jti: randomToken(),
    htm,
    htu: withoutQuery(htu),
    iat: (context.clock ?? systemClock)(),
    ...(accessToken !== undefined && { ath: sha256(accessToken) }),
    ...(nonce !== undefined && { nonce }),
  })
  const signed = `${key.header}.${Buffer.from(payload).toString('base64url')}`
  const signature = sign('sha256', Buffer.from(signed), toSigningKey(key.privateKey))
  return `${signed}.${signature.toString('base64url')}`
}
