import { importJWK } from 'jose'
import * as client from 'openid-client'
import type { ClientAuthenticationConfig, PrivateJwk } from '../options/issuer-options.ts'

/** The method's name in metadata (RFC 8414 section 2). */
export function methodOf(authentication: ClientAuthenticationConfig): string {
  return 'privateKey' in authentication ? 'private_key_jwt' : authentication.method
}

/** How the protocol library proves who we are, in a way that the issuer's metadata lists. */
export async function createClientAuthentication(
  authentication: ClientAuthenticationConfig,
  metadata: client.ServerMetadata,
): Promise<client.ClientAuth> {
  if ('privateKey' in authentication) {
    const jwk = signingKey(authentication.privateKey, metadata)
    return client.PrivateKeyJwt(await importSigningKey(jwk), namedAlgorithm(jwk))
  }
  if ('certificate' in authentication) return client.TlsClientAuth()
  switch (authentication.method) {
    case 'client_secret_post':
      return client.ClientSecretPost(authentication.secret)
    case 'client_secret_jwt':
      return client.ClientSecretJwt(authentication.secret)
    default:
      return client.ClientSecretBasic(authentication.secret)
  }
}

/** The first of our keys that the issuer can verify; the first when it does not say. */
function signingKey(keys: readonly PrivateJwk[], metadata: client.ServerMetadata): PrivateJwk {
  const supported = metadata.token_endpoint_auth_signing_alg_values_supported
  return (keys.find(({ alg }) => supported?.includes(alg)) ?? keys[0]) as PrivateJwk
}

/** A private JWK as the protocol library takes it. */
export async function importSigningKey(jwk: PrivateJwk): Promise<client.PrivateKey> {
  return { key: (await importJWK(jwk, jwk.alg)) as client.CryptoKey, kid: jwk.kid }
}

/** Ed25519 keys have two algorithm names, and an issuer may know only the one that was configured. */
export function namedAlgorithm({ alg }: PrivateJwk): client.ModifyAssertionOptions {
  return {
    [client.modifyAssertion](header) {
      header.alg = alg
    },
  }
}
