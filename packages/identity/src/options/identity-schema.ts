import {
  absoluteUri,
  distinctBy,
  httpUrl,
  scopeToken,
  secureUrl,
  strictObject,
} from '@sallyport/core/options'
import type { Telemetry } from '@sallyport/telemetry'
import type { JWK } from 'jose'
import { z } from 'zod'
import { clientAuthenticationSchema } from './client-authentication.ts'
import type {
  AccountOptions,
  IdentityClientOptions,
  IdentityOptions,
  LifetimeOptions,
  ResourceOptions,
  ResponseMode,
  TokenExchangeOptions,
} from './identity-options.ts'
import { publicKeyProblem } from './public-key-rules.ts'

/** The token exchange grant's name on the wire. */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

const originRule = 'must be an origin, without path or trailing slash'

const text = z.string().min(1)
const seconds = z.int().positive()
const name = text.max(100)
/** Where a browser or this server is sent to. */
const endpoint = secureUrl.refine((url) => !url.includes('*'), 'must not contain a wildcard')

const publicKey: z.ZodType<JWK> = z
  .looseObject({ kty: z.enum(['EC', 'RSA', 'OKP']) })
  .superRefine((key, context) => {
    const message = publicKeyProblem(key)
    if (message) context.addIssue({ code: 'custom', message })
  })

const responseMode = z.enum([
  'query',
  'form_post',
  'fragment',
  'jwt',
  'query.jwt',
  'form_post.jwt',
]) satisfies z.ZodType<ResponseMode>

const tokenExchangeSchema = strictObject({
  subjectAudiences: z.array(absoluteUri).min(1),
  resources: z.array(absoluteUri).min(1),
  boundSubjectTokens: z.exactOptional(z.boolean()),
}) satisfies z.ZodType<TokenExchangeOptions>

export const clientSchema = strictObject({
  clientId: z.string().regex(/^[\w.~-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ ~ -'),
  name,
  redirectUris: z.array(endpoint),
  postLogoutRedirectUris: z.array(endpoint),
  jwks: z.exactOptional(strictObject({ keys: z.array(publicKey).min(1) })),
  clientAuthentication: z.exactOptional(clientAuthenticationSchema),
  dpopBoundAccessTokens: z.exactOptional(z.boolean()),
  tlsBoundAccessTokens: z.exactOptional(z.boolean()),
  requirePushedAuthorizationRequests: z.exactOptional(z.boolean()),
  requireSignedRequestObject: z.exactOptional(z.boolean()),
  responseModes: z.exactOptional(z.array(responseMode).min(1)),
  grantTypes: z
    .array(
      z.enum(['authorization_code', 'refresh_token', 'client_credentials', tokenExchangeGrant]),
    )
    .min(1),
  scopes: z.array(scopeToken),
  resources: z.array(absoluteUri),
  rotateRefreshToken: z.exactOptional(z.enum(['always', 'default'])),
  consent: z.enum(['implicit', 'required']),
  tokenExchange: z.exactOptional(tokenExchangeSchema),
  backchannelLogoutUri: z.exactOptional(endpoint),
  trustsLogoutHint: z.exactOptional(z.boolean()),
  initiateLoginUri: z.exactOptional(endpoint),
}) satisfies z.ZodType<IdentityClientOptions>

export const resourceSchema = strictObject({
  identifier: absoluteUri,
  scopes: z.array(scopeToken).min(1),
  accessTokenTtl: z.exactOptional(seconds),
}) satisfies z.ZodType<ResourceOptions>

const accountSchema = strictObject({
  username: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be lower case: a-z 0-9 . _ -, at most 64'),
  password: z.string().min(1).max(256),
  name,
  email: z.email(),
}) satisfies z.ZodType<AccountOptions>

const lifetimesSchema = strictObject({
  accessToken: z.exactOptional(seconds),
  authorizationCode: z.exactOptional(seconds.max(600)),
  idToken: z.exactOptional(seconds),
  interaction: z.exactOptional(seconds),
  refreshToken: z.exactOptional(seconds),
  refreshTokenGrace: z.exactOptional(z.int().min(0).max(60)),
  session: z.exactOptional(seconds),
}) satisfies z.ZodType<LifetimeOptions>

export const identitySchema = strictObject({
  issuer: secureUrl.refine(isOrigin, originRule),
  internalUrl: z.exactOptional(httpUrl.refine(isOrigin, originRule)),
  dataDir: text,
  clients: distinctBy('clientId', clientSchema),
  resources: distinctBy('identifier', resourceSchema),
  accounts: distinctBy('username', accountSchema),
  allowedPrivateOrigins: z.exactOptional(z.array(httpUrl.refine(isOrigin, originRule))),
  requireDpopNonce: z.exactOptional(z.boolean()),
  lifetimes: z.exactOptional(lifetimesSchema),
  telemetry: z.exactOptional(z.custom<Telemetry>(isTelemetry, 'is not a Telemetry')),
}) satisfies z.ZodType<IdentityOptions>

function isOrigin(url: string): boolean {
  return URL.parse(url)?.origin === url
}

function isTelemetry(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'log' in value && 'serve' in value
}
