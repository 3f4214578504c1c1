import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { OptionProblem } from '@sallyport/core'
import {
  distinctBy,
  httpUrl,
  issuerIdentifier,
  scopeToken,
  strictObject,
} from '@sallyport/core/options'
import * as z from 'zod'
import type { IssuerConfig } from './issuer-options.ts'
import { privateJwk } from './private-jwk.ts'

const certificate = strictObject({
  certificate: z.string(),
  key: z.string(),
  method: z.enum(['tls_client_auth', 'self_signed_tls_client_auth']).default('tls_client_auth'),
}).refine(isPair, 'must be a PEM certificate and the PEM private key that belongs to it')

const secret = strictObject({
  secret: z.string().min(32, 'must have at least 32 characters'),
  method: z
    .enum(['client_secret_basic', 'client_secret_post', 'client_secret_jwt'])
    .default('client_secret_basic'),
})

const privateKey = strictObject({
  privateKey: z.union([privateJwk.transform((jwk) => [jwk]), distinctBy('kid', privateJwk).min(1)]),
})

const when = z.enum(['auto', 'always', 'never']).default('auto')

/** The members of `IssuerOptions`, for the BFF's schema; what they are together: `issuerProblems`. */
export const issuerShape = {
  issuer: issuerIdentifier.transform(toUrl),
  issuerInternalUrl: httpUrl
    .refine((text) => !text.includes('?'), 'must not contain a query')
    .transform(toUrl)
    .optional(),
  clientId: z.string().min(1),
  clientAuthentication: z.union(
    [privateKey, secret, certificate],
    'must be { privateKey }, a private JWK with kid and alg or a list of them; { secret } of at least 32 characters; or { certificate, key }, a pair in PEM',
  ),
  scopes: z
    .array(scopeToken)
    .default(['profile', 'email'])
    .transform((scopes) => [...new Set(['openid', ...scopes])]),
  issuerTimeout: z.int().positive().default(5),
  profile: z.literal('fapi2').optional(),
  pushedAuthorization: when,
  requestObject: when,
  requestObjectKey: privateJwk.optional(),
  responseMode: z.enum(['query', 'query.jwt']).default('query'),
  senderConstraint: z.enum(['none', 'dpop', 'mtls']).default('none'),
}

/** What of the options about the issuer does not go together, whatever the profile. */
export function issuerProblems(config: IssuerConfig): OptionProblem[] {
  const { clientAuthentication, requestObject, requestObjectKey, senderConstraint } = config
  const problems: OptionProblem[] = []
  if (senderConstraint === 'mtls' && !('certificate' in clientAuthentication)) {
    const message = 'mtls needs clientAuthentication with a certificate'
    problems.push({ path: ['senderConstraint'], message })
  }
  const hasKey = requestObjectKey !== undefined || 'privateKey' in clientAuthentication
  if (requestObject === 'always' && !hasKey) {
    const message = 'needs requestObjectKey, or clientAuthentication with a private key'
    problems.push({ path: ['requestObject'], message })
  }
  if (requestObject === 'never' && requestObjectKey) {
    problems.push({ path: ['requestObjectKey'], message: 'signs nothing: requestObject is never' })
  }
  return problems
}

function isPair(pair: { certificate: string; key: string }): boolean {
  try {
    return new X509Certificate(pair.certificate).checkPrivateKey(createPrivateKey(pair.key))
  } catch {
    return false
  }
}

function toUrl(text: string): URL {
  return new URL(text)
}
