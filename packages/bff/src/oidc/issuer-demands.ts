import { SallyportError } from '@sallyport/core'
import type * as client from 'openid-client'
import { fapi2Algorithms } from '../options/fapi2.ts'
import type { IssuerConfig } from '../options/issuer-options.ts'
import { methodOf } from './client-authentication.ts'

type Metadata = client.ServerMetadata

/** Whether this sign-in goes by way of the pushed authorization request endpoint. */
export function isPushed(config: IssuerConfig, metadata: Metadata): boolean {
  const { pushedAuthorization, profile } = config
  if (pushedAuthorization !== 'auto') return pushedAuthorization === 'always'
  return profile === 'fapi2' || metadata.require_pushed_authorization_requests === true
}

/** Whether the authorization request is signed. */
export function isSigned({ requestObject }: IssuerConfig, metadata: Metadata): boolean {
  if (requestObject !== 'auto') return requestObject === 'always'
  return metadata.require_signed_request_object === true
}

/**
 * Holds an issuer's metadata against what the options need of it.
 *
 * @throws `ERR_IDP_UNSUITABLE`, naming everything that is missing, a line each. What metadata does
 *   not mention is taken to be there, except under `fapi2`.
 */
export function assertSuitable(config: IssuerConfig, metadata: Metadata): void {
  const problems = [...missing(config, metadata), ...missingForFapi2(config, metadata)]
  if (problems.length === 0) return
  const lines = problems.map((problem) => `\n  ${problem}`).join('')
  throw new SallyportError('ERR_IDP_UNSUITABLE', `issuer ${metadata.issuer}:${lines}`)
}

function missing(config: IssuerConfig, metadata: Metadata): string[] {
  const { clientAuthentication, responseMode, senderConstraint } = config
  const problems: string[] = []
  const need = (name: keyof Metadata, ...oneOf: string[]) => {
    const supported = metadata[name]
    if (!Array.isArray(supported) || oneOf.some((value) => supported.includes(value))) return
    problems.push(`${name} must contain ${oneOf.join(' or ')}`)
  }
  need('code_challenge_methods_supported', 'S256')
  need('token_endpoint_auth_methods_supported', methodOf(clientAuthentication))
  if ('privateKey' in clientAuthentication) {
    const algorithms = clientAuthentication.privateKey.map(({ alg }) => alg)
    need('token_endpoint_auth_signing_alg_values_supported', ...algorithms)
  }
  if (responseMode === 'query.jwt') need('response_modes_supported', 'query.jwt', 'jwt')
  if (senderConstraint === 'dpop') need('dpop_signing_alg_values_supported', 'ES256')
  if (isPushed(config, metadata) && !metadata.pushed_authorization_request_endpoint) {
    problems.push('pushed_authorization_request_endpoint is missing')
  }
  if (metadata.require_pushed_authorization_requests && !isPushed(config, metadata)) {
    problems.push('it requires pushed authorization requests, and pushedAuthorization is never')
  }
  problems.push(...missingForRequestObject(config, metadata))
  return problems
}

function missingForRequestObject(config: IssuerConfig, metadata: Metadata): string[] {
  const { clientAuthentication, requestObject, requestObjectKey } = config
  if (!isSigned(config, metadata)) {
    const isRefused = requestObject === 'never' && metadata.require_signed_request_object
    return isRefused ? ['it requires signed requests, and requestObject is never'] : []
  }
  const hasKey = requestObjectKey !== undefined || 'privateKey' in clientAuthentication
  return hasKey ? [] : ['it requires signed requests: requestObjectKey is missing']
}

/**
 * @see {@link https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.3.2 FAPI 2.0 Security Profile, section 5.3.2}
 */
function missingForFapi2(config: IssuerConfig, metadata: Metadata): string[] {
  if (config.profile !== 'fapi2') return []
  const problems: string[] = []
  const state = (name: keyof Metadata, oneOf: readonly string[]) => {
    const supported = metadata[name]
    if (Array.isArray(supported) && oneOf.some((value) => supported.includes(value))) return
    problems.push(`fapi2: ${name} must contain ${oneOf.join(' or ')}`)
  }
  state('code_challenge_methods_supported', ['S256'])
  state('token_endpoint_auth_methods_supported', [methodOf(config.clientAuthentication)])
  state('id_token_signing_alg_values_supported', fapi2Algorithms)
  if (config.senderConstraint === 'dpop') state('dpop_signing_alg_values_supported', ['ES256'])
  if (config.senderConstraint === 'mtls' && !metadata.tls_client_certificate_bound_access_tokens) {
    problems.push('fapi2: tls_client_certificate_bound_access_tokens must be true')
  }
  if (config.responseMode === 'query.jwt') {
    state('authorization_signing_alg_values_supported', fapi2Algorithms)
  } else if (metadata.authorization_response_iss_parameter_supported !== true) {
    problems.push('fapi2: authorization_response_iss_parameter_supported must be true')
  }
  return problems
}
