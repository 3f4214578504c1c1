import { createHash, timingSafeEqual } from 'node:crypto'
import { SallyportError, sha256 } from '@sallyport/core'
import { type DpopNonces, type DpopProof, verifyDpopProof } from '@sallyport/core/dpop'
import type { AccessTokenClaims } from './access-token-claims.ts'
import type { ResolvedContext } from './context.ts'
import type { GuardConfig } from './guard-options.ts'
import { type GuardRequest, headerValues, type TokenScheme } from './presented-token.ts'

/** A verified token, and how it came. */
export interface Presentation {
  request: GuardRequest
  scheme: TokenScheme
  accessToken: string
  claims: AccessTokenClaims
}

/** Who may use a token, and what is needed to find it out. */
export interface SenderConfig extends GuardConfig {
  nonces: DpopNonces | undefined
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
  presentation: Presentation,
  config: SenderConfig,
  context: ResolvedContext,
): Promise<void> {
  const { request, scheme, claims } = presentation
  const { jkt, x5t } = readConfirmation(claims.cnf)
  if (x5t !== undefined) assertCertificate(request, x5t)
  if (scheme === 'DPoP') {
    if (jkt === undefined) throw invalid('not bound to a key, but presented with a proof')
    const proof = verifyProof(presentation, jkt, { config, context })
    if (config.nonces && !config.nonces.accepts(proof.nonce)) {
      throw new SallyportError('ERR_DPOP_NONCE_REQUIRED', 'no nonce of this server, or an old one')
    }
    await assertFirstUse(proof, config, context)
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

function assertCertificate({ clientCertificate }: GuardRequest, x5t: string): void {
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

function verifyProof(
  { request, accessToken }: Presentation,
  jkt: string,
  { config, context }: { config: GuardConfig; context: ResolvedContext },
): DpopProof {
  const [dpopProof, ...more] = headerValues(request.headers, 'dpop')
  if (dpopProof === undefined) throw invalidProof('there is none')
  if (more.length > 0) throw invalidProof('more than one')
  const { method, url = '' } = request
  if (method === undefined || !url.startsWith('/')) {
    throw invalidProof('the guard was not told the method and an origin-form target')
  }
  const expected = {
    htm: method,
    htu: `${config.publicUrl?.replace(/\/$/, '')}${url}`,
    accessToken,
    jkt,
    algorithms: config.dpopAlgorithms,
    maxAge: config.dpopMaxAge,
    clockTolerance: config.clockTolerance,
  }
  return verifyDpopProof(dpopProof, expected, { clock: context.clock })
}

async function assertFirstUse(
  { jkt, jti, iat }: DpopProof,
  { dpopMaxAge, clockTolerance }: GuardConfig,
  { replays }: ResolvedContext,
): Promise<void> {
  // Longer than any instance accepts the proof, whose clock may be off.
  const expiresAt = Math.ceil(iat) + dpopMaxAge + clockTolerance + 1
  const first = await claim(() => replays.claim(`dpop.${sha256(`${jkt} ${jti}`)}`, expiresAt))
  if (!first) throw invalidProof('used before')
}

async function claim(ask: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await ask()
  } catch (cause) {
    const message = 'it cannot be known whether the proof was used before'
    throw new SallyportError('ERR_REPLAY_STORE_UNAVAILABLE', message, { cause })
  }
}

function invalid(reason: string): SallyportError {
  return new SallyportError('ERR_TOKEN_INVALID', `access token rejected: ${reason}`)
}

function invalidProof(reason: string): SallyportError {
  return new SallyportError('ERR_DPOP_PROOF_INVALID', `DPoP proof rejected: ${reason}`)
}
