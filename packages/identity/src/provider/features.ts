import type { Configuration } from 'oidc-provider'
import {
  authenticationMethod,
  type ClientAuthenticationMethod,
  isTlsMethod,
} from '../options/client-authentication.ts'
import type { IdentityClientOptions } from '../options/identity-options.ts'
import type { IdentityConfig } from '../options/parse-options.ts'
import { clientCertificate, isCertificateAuthorized, isSubject } from './client-certificate.ts'

/** Algorithms of what clients sign: assertions, request objects, DPoP proofs. */
const clientAlgorithms = ['ES256', 'PS256', 'RS256', 'Ed25519', 'EdDSA'] as const

type Features = NonNullable<Configuration['features']>

/** The methods that clients of this server authenticate with: discovery names these and no other. */
export function authenticationMethods(config: IdentityConfig): ClientAuthenticationMethod[] {
  // Two that need no shared secret are always on, as they were before there were others.
  const used = clientsOf(config).map(authenticationMethod)
  return [...new Set<ClientAuthenticationMethod>(['private_key_jwt', 'none', ...used])]
}

/** The algorithms that are on. */
export function enabledAlgorithms(config: IdentityConfig): Configuration['enabledJWA'] {
  const usesSecretJwt = authenticationMethods(config).includes('client_secret_jwt')
  return {
    clientAuthSigningAlgValues: [...clientAlgorithms, ...(usesSecretJwt ? ['HS256' as const] : [])],
    requestObjectSigningAlgValues: [...clientAlgorithms],
    dPoPSigningAlgValues: [...clientAlgorithms],
    idTokenSigningAlgValues: ['ES256'],
    authorizationSigningAlgValues: ['ES256'],
  }
}

/**
 * What protects requests and tokens. DPoP and pushed requests are there for every client; the rest
 * is on when a client is registered for it, so that discovery tells the truth.
 */
export function protectionFeatures(config: IdentityConfig, dpopNonceSecret: Buffer): Features {
  const clients = clientsOf(config)
  const isTlsBound = clients.some((client) => client.tlsBoundAccessTokens)
  const methods = authenticationMethods(config)
  return {
    dPoP: {
      enabled: true,
      nonceSecret: dpopNonceSecret,
      requireNonce: () => config.requireDpopNonce,
    },
    pushedAuthorizationRequests: { enabled: true },
    requestObjects: {
      enabled: clients.some((client) => client.requireSignedRequestObject),
      requireSignedRequestObject: false,
    },
    jwtResponseModes: {
      enabled: clients.some(({ responseModes = [] }) => responseModes.some(isSigned)),
    },
    mTLS: {
      enabled: isTlsBound || methods.some(isTlsMethod),
      certificateBoundAccessTokens: isTlsBound,
      tlsClientAuth: methods.includes('tls_client_auth'),
      selfSignedTlsClientAuth: methods.includes('self_signed_tls_client_auth'),
      getCertificate: clientCertificate,
      certificateAuthorized: isCertificateAuthorized,
      certificateSubjectMatches: isSubject,
    },
  }
}

function isSigned(responseMode: string): boolean {
  return responseMode.endsWith('jwt')
}

function clientsOf(config: IdentityConfig): IdentityClientOptions[] {
  return [...config.clients.values()]
}
