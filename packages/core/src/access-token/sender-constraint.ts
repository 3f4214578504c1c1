import { createHash, timingSafeEqual } from 'node:crypto'
import { SallyportError } from '../errors.ts'
import type { AccessTokenClaims } from './claims.ts'
import { assertProof, type ProofContext, type ProofRules } from './presented-proof.ts'
import type { TokenRequestHead, TokenScheme } from './presented-token.ts'

/** A verified token, and how it came. */
export interface Presentation {
  request: TokenRequestHead
  scheme: TokenScheme
  accessToken: string
  claims: AccessTokenClaims
}

/**
 * Asserts that who presents a token is whom it was issued to, as far as the token says (`cnf`):
 * the holder of a key (`jkt`), shown by a proof, or of a certificate (`x5t#S256`), shown by the TLS
 * connection. Both where it names both. A token with a confirmation of another kind is refused.
 *
 * @throws `ERR_TOKEN_INVALID`, `ERR_DPOP_PROOF_INVALID`, `ERR_DPOP_NONCE_REQUIRED`,
 *   `ERR_REPLAY_STORE_UNAVAILABLE`.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-7 RFC 9449, section 7},
 *   {@link https://www.rfc-editor.org/rfc/rfc8705.html#section-3 RFC 8705, section 3}
 */
export async function assertSender(
  { request, scheme, accessToken, claims }: Presentation,
  rules: ProofRules,
  context: ProofContext,
): Promise<void> {
  const { jkt, x5t } = readConfirmation(claims.cnf)
  if (x5t !== undefined) assertCertificate(request, x5t)
  if (scheme === 'DPoP') {
    if (jkt === undefined) throw invalid('not bound to a key, but presented with a proof')
    await assertProof({ request, accessToken, jkt }, rules, context)
  } else if (jkt !== undefined) throw invalid('bound to a key, but presented as bearer')
}

function readConfirmation(cnf: unknown): { jkt?: string; x5t?: string } {
  if (cnf === undefined) return {}
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) throw invalid('malformed cnf')
  const { jkt, 'x5t#S256': x5t, ...others } = cnf as Record<string, unknown>
  const known = [jkt, x5t].filter((thumbprint) => thumbprint !== undefined)
  if (known.length === 0 || Object.keys(others).length > 0) throw invalid('unknown cnf')
  if (known.some((one) => typeof one !== 'string' || one === '')) throw invalid('malformed cnf')
  return {
    ...(jkt !== undefined && { jkt: jkt as string }),
    ...(x5t !== undefined && { x5t: x5t as string }),
  }
}

function assertCertificate({ clientCertificate }: TokenRequestHead, x5t: string): void {
  if (!clientCertificate?.length) throw invalid('bound to a certificate, but there is none')
  const thumbprint =
    typeof clientCertificate === 'string'
      ? clientCertificate
      : createHash('sha256').update(clientCertificate).digest('base64url')
  const [own, given] = [Buffer.from(x5t), Buffer.from(thumbprint)]
  if (own.length !== given.length || !timingSafeEqual(own, given)) {
    throw invalid('bound to another certificate')
  }
}

function invalid(reason: string): SallyportError {
  return new SallyportError('ERR_TOKEN_INVALID', `access token rejected: ${reason}`)
}
