import { X509Certificate } from 'node:crypto'
import type { Secret } from '@sallyport/core'
import { strictObject } from '@sallyport/core/options'
import type { JWK } from 'jose'
import { z } from 'zod'

/** How a client authenticates; the words are those of the OAuth registry of methods. */
export type ClientAuthentication =
  | { method: 'none' | 'private_key_jwt' | 'self_signed_tls_client_auth' }
  | ClientSecretAuthentication
  | TlsClientAuthentication

/**
 * Authentication with a shared secret.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-2.3.1 RFC 6749, section 2.3.1}
 */
export interface ClientSecretAuthentication {
  /** `client_secret_jwt` signs an assertion with it (HS256) instead of sending it. */
  method: 'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt'
  /** 32 to 256 random characters of `A-Z a-z 0-9 . _ ~ -`, such as 32 bytes in base64url. */
  secret: Secret
}

/**
 * Authentication with a certificate of an authority that the server's TLS socket trusts.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705.html#section-2.1 RFC 8705, section 2.1}
 */
export interface TlsClientAuthentication {
  method: 'tls_client_auth'
  /**
   * The certificate's subject as a string of RFC 4514, without spaces around its separators:
   * `CN=bff,O=Example,C=GB`. Compared as written.
   */
  subjectDn: string
}

/** The methods' names. */
export type ClientAuthenticationMethod = ClientAuthentication['method']

const shortest = 32
const secretRule = `must be ${shortest} to 256 of A-Z a-z 0-9 . _ ~ -`

const secret = z
  .custom<Secret>(isSecret, 'must be made by createSecret')
  // Only characters that no form encoding changes: clients disagree about the others.
  .refine((one) => /^[\w.~-]{32,256}$/.test(one.reveal()), secretRule)
  .refine((one) => new Set(one.reveal()).size >= 8, 'is not random')

const subjectDn = z
  .string()
  .regex(
    /^(?:[A-Za-z][A-Za-z0-9-]*=(?:[^\\,+"<>;\0]|\\.)+(?:[,+](?! )|$))+$/,
    'must be a distinguished name such as "CN=bff,O=Example"',
  )
  .refine((dn) => !/[,+]$/.test(dn), 'ends with a separator')

/** The schema of {@link ClientAuthentication}. */
export const clientAuthenticationSchema = z.discriminatedUnion('method', [
  strictObject({ method: z.enum(['none', 'private_key_jwt', 'self_signed_tls_client_auth']) }),
  strictObject({
    method: z.enum(['client_secret_basic', 'client_secret_post', 'client_secret_jwt']),
    secret,
  }),
  strictObject({ method: z.literal('tls_client_auth'), subjectDn }),
]) satisfies z.ZodType<ClientAuthentication>

/** What of a client says how it authenticates. */
export interface AuthenticatingClient {
  jwks?: { keys: JWK[] }
  clientAuthentication?: ClientAuthentication
}

/** The method of a client: `private_key_jwt` with keys and `none` without, unless it names one. */
export function authenticationMethod(client: AuthenticatingClient): ClientAuthenticationMethod {
  return client.clientAuthentication?.method ?? (client.jwks ? 'private_key_jwt' : 'none')
}

/** Whether the connection's certificate is what authenticates the client. */
export function isTlsMethod(method: ClientAuthenticationMethod): boolean {
  return method === 'tls_client_auth' || method === 'self_signed_tls_client_auth'
}

/** What is wrong between the method and the keys; `undefined`: nothing. */
export function clientKeysProblem(client: AuthenticatingClient): string | undefined {
  const method = authenticationMethod(client)
  if (method === 'private_key_jwt' && !client.jwks)
    return `${method} needs the client's public keys`
  if (method !== 'self_signed_tls_client_auth') return undefined
  const certified = (client.jwks?.keys ?? []).filter((key) => key.x5c)
  if (certified.length === 0) return `${method} needs a key with its certificate (x5c)`
  return certified.every(isOfItsCertificate) ? undefined : 'x5c is not a certificate of its key'
}

function isOfItsCertificate(jwk: JWK): boolean {
  try {
    const { publicKey } = new X509Certificate(Buffer.from(String(jwk.x5c?.[0]), 'base64'))
    const certified = publicKey.export({ format: 'jwk' })
    const members = ['kty', 'crv', 'x', 'y', 'n', 'e'] as const
    return members.every((member) => certified[member] === jwk[member])
  } catch {
    return false
  }
}

function isSecret(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'reveal' in value
}
