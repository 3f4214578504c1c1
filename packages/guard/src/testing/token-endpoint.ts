import type { IncomingHttpHeaders } from 'node:http'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { type LoopbackIssuer, startIssuer } from './loopback-issuer.ts'
import { readText, sendJson } from './loopback-server.ts'

/** An issuer whose token endpoint says what it is told to. */
export interface TokenEndpoint {
  issuer: LoopbackIssuer
  /** Requests so far. */
  received: { form: URLSearchParams; headers: IncomingHttpHeaders }[]
  /** The status, and what the answer has besides (or, other than 200, instead of) a token. */
  reply: { status: number; body: Record<string, unknown> }
}

/** Type of an access token, on the wire. */
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/** Starts an issuer that answers each token request with a token named after its subject. */
export async function startTokenEndpoint(): Promise<TokenEndpoint> {
  const issuer = await startIssuer()
  const endpoint: TokenEndpoint = { issuer, received: [], reply: { status: 200, body: {} } }

  issuer.answers.set('/token', async (request, response) => {
    const form = new URLSearchParams(await readText(request))
    endpoint.received.push({ form, headers: request.headers })
    const { status, body } = endpoint.reply
    const sound = {
      access_token: `for.${form.get('subject_token')}.${endpoint.received.length}`,
      issued_token_type: accessTokenType,
      token_type: 'Bearer',
      expires_in: 60,
    }
    sendJson(response, status === 200 ? { ...sound, ...body } : body, status)
  })
  return endpoint
}

/** A client's key pair, as JWKs. */
export async function createClientKey(): Promise<{ privateKey: JWK; publicKey: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const name = { kid: 'orders-1', alg: 'ES256' }
  return {
    privateKey: { ...(await exportJWK(privateKey)), ...name },
    publicKey: { ...(await exportJWK(publicKey)), ...name },
  }
}
