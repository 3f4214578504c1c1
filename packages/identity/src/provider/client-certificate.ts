import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { KoaContextWithOIDC } from 'oidc-provider'

/**
 * The certificate of the client's connection; `undefined` without TLS or without one. What proxies
 * write into headers is not looked at: any caller can write it too.
 */
export function clientCertificate(ctx: KoaContextWithOIDC): X509Certificate | undefined {
  return tlsSocket(ctx)?.getPeerX509Certificate()
}

/** Whether the socket's authorities vouch for the certificate, and it is in date. */
export function isCertificateAuthorized(ctx: KoaContextWithOIDC): boolean {
  return tlsSocket(ctx)?.authorized === true
}

/**
 * Whether the certificate's subject is the registered one.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8705.html#section-2.1.2 RFC 8705, section 2.1.2}
 */
export function isSubject(ctx: KoaContextWithOIDC, property: string, expected: string): boolean {
  const certificate = clientCertificate(ctx)
  if (property !== 'tls_client_auth_subject_dn' || !certificate) return false
  return toDistinguishedName(certificate) === expected
}

/** Node gives one relative name a line, escaped by RFC 4514, in the certificate's order. */
function toDistinguishedName({ subject }: X509Certificate): string {
  return subject.split('\n').reverse().join(',').replaceAll(' + ', '+')
}

function tlsSocket(ctx: KoaContextWithOIDC): TLSSocket | undefined {
  const { socket } = ctx.req
  return 'getPeerX509Certificate' in socket ? (socket as TLSSocket) : undefined
}
