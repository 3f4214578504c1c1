import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  exportJWK,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose'

export interface ScriptedAnswer {
  status?: number
  contentType?: string
  headers?: Record<string, string>
  body: string
}

/** A request that an issuer got. */
export interface IssuerCall {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly form: URLSearchParams
}

/** An OpenID Provider that answers whatever a test wants, forged or broken. */
export interface ScriptedIssuer {
  /** Its name; where it listens until a test renames it. */
  url: string
  /** Requests by path, in order. */
  readonly requests: string[]
  /** The same requests, whole. */
  readonly calls: IssuerCall[]
  /** Members that replace those of the metadata document. */
  metadata: Record<string, unknown>
  /** Claims that replace those of the ID token; `undefined` removes one. */
  claims: JWTPayload
  /** Members that replace those of the token response. */
  token: Record<string, unknown>
  /** Replaces the token endpoint's whole answer. */
  answer: ScriptedAnswer | undefined
  /** Answers of other paths, or of the token endpoint one after the other. */
  answers: Record<string, (call: IssuerCall) => ScriptedAnswer | undefined>
  /** Signs with a key that is not published. */
  forgesSignature: boolean
  /** Remembers the nonce of an authorization request, as its sign-in page would. */
  authorize(authorizationUrl: string): void
  /** Signs any claims with the issuer's key. */
  sign(claims: JWTPayload, header?: Partial<JWTHeaderParameters>): Promise<string>
  reset(): void
  close(): Promise<void>
}

/** Starts one on a free port, for the client `bff`. */
export async function createScriptedIssuer(): Promise<ScriptedIssuer> {
  const keys = await generateKeyPair('ES256')
  const strangers = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  let nonce: string | undefined
  const server = createServer(async (request, response) => {
    const answer = await respond(request)
    const { status = 200, contentType = 'application/json', headers, body } = answer
    response.writeHead(status, { 'content-type': contentType, ...headers }).end(body)
  })
  const url = await listen(server)

  const issuer: ScriptedIssuer = {
    ...{ url, requests: [], calls: [], metadata: {}, claims: {}, token: {}, answers: {} },
    ...{ answer: undefined, forgesSignature: false },
    authorize(authorizationUrl) {
      nonce = new URL(authorizationUrl).searchParams.get('nonce') ?? undefined
    },
    sign(claims, header) {
      const key = issuer.forgesSignature ? strangers.privateKey : keys.privateKey
      const jwt = new SignJWT(claims)
      return jwt.setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header }).sign(key)
    },
    reset() {
      Object.assign(issuer, { metadata: {}, claims: {}, token: {}, answers: {} })
      issuer.answer = undefined
      issuer.forgesSignature = false
      issuer.requests.length = 0
      issuer.calls.length = 0
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }

  async function respond(request: IncomingMessage): Promise<ScriptedAnswer> {
    const path = request.url?.split('?')[0] ?? ''
    issuer.requests.push(path)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    const call = { path, headers: request.headers, form }
    issuer.calls.push(call)
    const scripted = issuer.answers[path]?.(call)
    if (scripted) return scripted
    if (path === '/.well-known/openid-configuration') return { body: JSON.stringify(metadata()) }
    if (path === '/jwks') return { body: JSON.stringify({ keys: [jwk] }) }
    if (path === '/token') return issuer.answer ?? { body: await tokenResponse() }
    return { status: 404, body: '{}' }
  }

  const metadata = () => ({
    issuer: issuer.url,
    authorization_endpoint: `${issuer.url}/authorize`,
    token_endpoint: `${issuer.url}/token`,
    jwks_uri: `${issuer.url}/jwks`,
    id_token_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
    ...issuer.metadata,
  })

  async function tokenResponse(): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer.url, aud: 'bff', sub: 'alice', iat: now, exp: now + 300, nonce }
    const idToken = await issuer.sign({ ...claims, ...issuer.claims })
    const response = { access_token: 'opaque', token_type: 'Bearer', expires_in: 300 }
    return JSON.stringify({ ...response, id_token: idToken, ...issuer.token })
  }

  return issuer
}

async function listen(server: Server): Promise<string> {
  server.listen({ host: 'localhost', port: 0 })
  await once(server, 'listening')
  return `http://localhost:${(server.address() as AddressInfo).port}`
}
