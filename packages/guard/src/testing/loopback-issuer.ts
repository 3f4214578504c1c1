import type { RequestListener } from 'node:http'
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose'
import { type LoopbackServer, listen, sendJson } from './loopback-server.ts'

/** The API that tokens are made for unless said otherwise. */
export const audience = 'http://localhost:3012'

/** A key pair as an issuer has it. */
export interface IssuerKey {
  privateKey: CryptoKey
  /** What the issuer publishes. */
  jwk: JWK
}

/**
 * An issuer on a loopback socket, to test an API with: it publishes metadata and keys, and signs
 * whatever claims it is told to. It has no accounts, no sign-in and no token endpoint of its own.
 */
export interface LoopbackIssuer extends LoopbackServer {
  /** Its identifier. */
  issuer: string
  key: IssuerKey
  /** What it publishes; change it to rotate. */
  keys: JWK[]
  /** Paths asked for, in order. */
  requests: string[]
  /** Answers by path, in place of its own. */
  answers: Map<string, RequestListener>
  /** Claims of a token that holds. */
  claims(): Record<string, unknown>
  /** Signs an access token; a claim or header member given as `undefined` is left out. */
  sign(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
}

/** Makes a key pair with its published form. */
export async function createIssuerKey(alg: string, kid: string): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** Starts an issuer with one ES256 key. */
export async function startIssuer(): Promise<LoopbackIssuer> {
  const requests: string[] = []
  const answers = new Map<string, RequestListener>()
  const key = await createIssuerKey('ES256', 'first')
  const keys = [key.jwk]

  const server = await listen((request, response) => {
    const path = request.url ?? ''
    requests.push(path)
    const answer = answers.get(path)
    if (answer) answer(request, response)
    else if (path === '/.well-known/openid-configuration') sendJson(response, metadata())
    else if (path === '/jwks') sendJson(response, { keys })
    else sendJson(response, {}, 404)
  })
  const issuer = server.origin
  const metadata = () => ({
    issuer,
    jwks_uri: `${issuer}/jwks`,
    token_endpoint: `${issuer}/token`,
  })

  const claims = () => {
    const now = Math.floor(Date.now() / 1000)
    return {
      iss: issuer,
      sub: 'alice',
      aud: audience,
      exp: now + 300,
      iat: now,
      jti: crypto.randomUUID(),
      client_id: 'bff',
      scope: 'inventory.read',
    }
  }

  return {
    ...server,
    issuer,
    key,
    keys,
    requests,
    answers,
    claims,
    sign(changes = {}, header = {}) {
      const protectedHeader = { alg: 'ES256', typ: 'at+jwt', kid: 'first', ...header }
      return new SignJWT({ ...claims(), ...changes })
        .setProtectedHeader(protectedHeader as JWTHeaderParameters)
        .sign(key.privateKey)
    },
  }
}

/** Makes a token by hand: any header and payload text, signed as ES256 by the given key. */
export async function signRaw(
  header: string,
  payload: string,
  privateKey: CryptoKey,
): Promise<string> {
  const encode = (text: string) => Buffer.from(text).toString('base64url')
  const signed = `${encode(header)}.${encode(payload)}`
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const signature = await crypto.subtle.sign(algorithm, privateKey, Buffer.from(signed))
  return `${signed}.${Buffer.from(signature).toString('base64url')}`
}
