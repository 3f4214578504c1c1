import { errorCode, SallyportError } from '@sallyport/core'
import { assertProof } from '@sallyport/core/access-token'
import type { BffContext, BffRequest } from '../context.ts'
import type { ReadDecision, RespondDecision } from '../decision.ts'
import type { NativeSessions } from '../native/native-sessions.ts'
import { respondTokenError } from '../native/oauth-errors.ts'
import { readForm } from '../native/read-form.ts'
import { type Redemption, redeemCode } from '../native/redeem-code.ts'
import { respondError, respondJson } from '../respond.ts'
import { nonceHeaders } from '../tokens/proof-nonces.ts'
import { proofRules } from '../tokens/proof-rules.ts'

const verifierPattern = /^[\w\-.~]{43,128}$/

/**
 * `POST /bff/native/token`: an app comes with its code, the PKCE verifier and a proof of its key,
 * and gets the token of its session, bound to that key. There is no refresh token: the session goes
 * on as long as it is used.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.3 RFC 6749, section 4.1.3},
 *   {@link https://www.rfc-editor.org/rfc/rfc9449.html#section-5 RFC 9449, section 5}
 */
export function nativeToken(
  request: BffRequest,
  context: BffContext,
): ReadDecision | RespondDecision {
  const { native, log } = context
  if (!native) throw new SallyportError('ERR_ROUTE_NOT_FOUND', 'there are no native apps')
  return readForm(request, async (form) => {
    try {
      return await redeem(request, form, { ...context, native })
    } catch (error) {
      const code = errorCode(error)
      log.warn({ event: 'native_code_refused', code, error }, 'a code is not redeemed')
      if (code === 'ERR_DPOP_NONCE_REQUIRED') {
        return respondTokenError('use_dpop_nonce', nonceHeaders(context))
      }
      if (code === 'ERR_DPOP_PROOF_INVALID') return respondTokenError('invalid_dpop_proof')
      if (code === 'ERR_CALLBACK_REJECTED') return respondTokenError('invalid_grant')
      return respondError(request, code)
    }
  })
}

async function redeem(
  request: BffRequest,
  form: ReadonlyMap<string, string>,
  context: BffContext & { readonly native: NativeSessions },
): Promise<RespondDecision> {
  const { config, clock, native, proofNonces } = context
  const grantType = form.get('grant_type')
  if (grantType === undefined) return respondTokenError('invalid_request')
  if (grantType !== 'authorization_code') return respondTokenError('unsupported_grant_type')
  const read = readRedemption(form)
  if (!read) return respondTokenError('invalid_request')
  const isKnown = config.nativeApps.some(({ clientId }) => clientId === read.clientId)
  if (!isKnown) return respondTokenError('invalid_client')

  // Before the proof: to remember proofs costs writes, which nobody without a code may cause.
  if (!(await native.codes.read(read.code))) return respondTokenError('invalid_grant')
  const { method, target: url, headers } = request
  const presented = { request: { method, url, headers } }
  const { replays } = native
  const rules = proofRules(config.publicUrl, proofNonces)
  const { jkt } = await assertProof(presented, rules, { clock, replays })
  const redeemed = await redeemCode({ ...read, jkt }, context)
  if (!redeemed) return respondTokenError('invalid_grant')
  const { sessionToken, session } = redeemed
  const body = {
    access_token: sessionToken,
    token_type: 'DPoP',
    expires_in: session.record.expiresAt - clock(),
  }
  return respondJson(body, { headers: nonceHeaders(context) })
}

function readRedemption(form: ReadonlyMap<string, string>): Omit<Redemption, 'jkt'> | undefined {
  const [code, clientId, redirectUri, codeVerifier] = [
    ...['code', 'client_id', 'redirect_uri', 'code_verifier'].map((name) => form.get(name)),
  ]
  if (!code || !clientId || !redirectUri || !codeVerifier) return undefined
  if (!verifierPattern.test(codeVerifier)) return undefined
  return { code, clientId, redirectUri, codeVerifier }
}
