import { X509Certificate } from 'node:crypto'
import type { OptionProblem } from '@sallyport/core'
import type { IssuerConfig, PrivateJwk } from './issuer-options.ts'

/** The algorithms of the profile; RFC 9864 gives EdDSA with Ed25519 a second name. */
export const fapi2Algorithms: readonly string[] = ['PS256', 'ES256', 'EdDSA', 'Ed25519']

/**
 * Which options are weaker than the profile wants them.
 *
 * @see {@link https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.3.3 FAPI 2.0 Security Profile, section 5.3.3}
 */
export function fapi2Problems(config: IssuerConfig & { readonly publicUrl: URL }): OptionProblem[] {
  if (config.profile !== 'fapi2') return []
  const { clientAuthentication, publicUrl, issuer, issuerInternalUrl } = config
  const problems: OptionProblem[] = []
  const refuse = (message: string, ...path: (string | number)[]) =>
    problems.push({ path, message: `fapi2: ${message}` })

  for (const [name, url] of Object.entries({ publicUrl, issuer, issuerInternalUrl })) {
    if (url && url.protocol !== 'https:') refuse('must be https', name)
  }
  if ('secret' in clientAuthentication) {
    refuse('must be a private key or a certificate, not a secret', 'clientAuthentication')
  }
  if ('privateKey' in clientAuthentication) {
    for (const [index, key] of clientAuthentication.privateKey.entries()) {
      if (!isAllowed(key)) refuse(algorithmRule, 'clientAuthentication', 'privateKey', index)
    }
  }
  if ('certificate' in clientAuthentication && !isStrong(clientAuthentication.certificate)) {
    refuse('needs RSA of 2048 bits or EC of 224', 'clientAuthentication', 'certificate')
  }
  if (config.requestObjectKey && !isAllowed(config.requestObjectKey)) {
    refuse(algorithmRule, 'requestObjectKey')
  }
  if (config.pushedAuthorization === 'never') refuse('must not be never', 'pushedAuthorization')
  if (config.senderConstraint === 'none') refuse('must be dpop or mtls', 'senderConstraint')
  return problems
}

const algorithmRule = `alg must be one of ${fapi2Algorithms.join(', ')}`

function isAllowed({ alg }: PrivateJwk): boolean {
  return fapi2Algorithms.includes(alg)
}

function isStrong(certificate: string): boolean {
  const { asymmetricKeyDetails: details } = new X509Certificate(certificate).publicKey
  return details?.modulusLength === undefined || details.modulusLength >= 2048
}
