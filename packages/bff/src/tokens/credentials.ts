import { type Clock, createSecret } from '@sallyport/core'
import { createDpopProof, importDpopKey, type DpopKey as ProofKey } from '@sallyport/core/dpop'
import type { HeaderList } from '../decision.ts'
import type { DpopKey, DpopNonces } from '../oidc/dpop-key.ts'
import type { StoredAccessToken } from '../sessions/session.ts'

/** An access token, with the key it is bound to if it is to one. */
export interface UpstreamToken {
  readonly token: StoredAccessToken
  readonly dpopKey?: DpopKey | undefined
}

/** Presents access tokens to upstreams. */
export interface Credentials {
  /** The header fields for one request: the token, and a proof that it is ours when it is bound. */
  headers(upstreamToken: UpstreamToken, request: { method: string; url: URL }): HeaderList
  /** Takes the nonce of an upstream's answer, for the next proof there. */
  noteNonce(url: URL, upstream: HeaderList): void
}

/** Keys of sessions in use; making one of its text costs more than a signature. */
const mostKeys = 1000

/** @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-7 RFC 9449, section 7} */
export function createCredentials(nonces: DpopNonces, clock: Clock): Credentials {
  const keys = new Map<string, ProofKey>()

  function toProofKey(dpopKey: DpopKey): ProofKey {
    const known = keys.get(dpopKey.x)
    if (known) return known
    const created = importDpopKey(createSecret(JSON.stringify(dpopKey)))
    if (keys.size >= mostKeys) keys.delete(keys.keys().next().value as string)
    keys.set(dpopKey.x, created)
    return created
  }

  return {
    headers({ token, dpopKey }, { method, url }) {
      const { accessToken, tokenType } = token
      if (tokenType === 'Bearer') return ['authorization', `Bearer ${accessToken}`]
      if (!dpopKey) throw new TypeError('a token that is bound to a key came without it')
      const nonce = nonces.latest(url)
      const proof = createDpopProof(
        {
          ...{ key: toProofKey(dpopKey), htm: method, htu: url.href, accessToken },
          ...(nonce !== undefined && { nonce }),
        },
        { clock },
      )
      return ['authorization', `DPoP ${accessToken}`, 'dpop', proof]
    },

    noteNonce(url, upstream) {
      for (let i = 0; i < upstream.length; i += 2) {
        if (upstream[i]?.toLowerCase() === 'dpop-nonce') {
          nonces.remember(url, upstream[i + 1] as string)
        }
      }
    },
  }
}
