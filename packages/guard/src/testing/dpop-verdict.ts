import type { Guard } from '../guard.ts'
import { audience } from './loopback-issuer.ts'

/** The algorithms that a challenge names. */
export const algs = 'algs="ES256 Ed25519 EdDSA PS256"'

/** The verdict on a proof that does not hold. */
export const refusedProof = `401 ERR_DPOP_PROOF_INVALID DPoP realm="${audience}", error="invalid_dpop_proof", ${algs}`

/** The verdict on a token that does not hold, or not with a proof. */
export const refusedToken = `401 ERR_TOKEN_INVALID DPoP realm="${audience}", error="invalid_token", ${algs}`

/** A request to the API. */
export interface Sent {
  accessToken: string
  scheme?: string
  proofs: string[]
  method?: string | undefined
  url?: string
  host?: string
}

/** `allowed`, or status, code and challenge of the refusal. */
export async function verdictOf(sent: Sent, by: Guard): Promise<string> {
  const { accessToken, scheme = 'DPoP', proofs, host = 'localhost:3012' } = sent
  const method = 'method' in sent ? sent.method : 'GET'
  const answer = await by.authorize(
    {
      method,
      url: sent.url ?? '/inventory/items?page=2',
      headers: [
        ...['Host', host, 'Authorization', `${scheme} ${accessToken}`],
        ...proofs.flatMap((proof) => ['DPoP', proof]),
      ],
    },
    { scopes: ['inventory.read'] },
  )
  if (answer.allowed) return 'allowed'
  return `${answer.status} ${answer.problem.code} ${answer.headers['www-authenticate']}`
}
