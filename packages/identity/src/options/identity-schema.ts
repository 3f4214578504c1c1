import type { Telemetry } from '@sallyport/telemetry'
import type { JWK } from 'jose'
import { z } from 'zod'
import { closestName } from './closest-name.ts'
import type {
  AccountOptions,
  IdentityClientOptions,
  IdentityOptions,
  LifetimeOptions,
  ResourceOptions,
  TokenExchangeOptions,
} from './identity-options.ts'
import { publicKeyProblem } from './public-key-rules.ts'
import { endpointProblem, issuerProblem, originProblem, resourceProblem } from './url-rules.ts'

/** The token exchange grant's name on the wire. */
export const tokenExchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

const text = z.string().min(1)
const seconds = z.int().positive()
const name = text.max(100)
/** RFC 6749 section 3.3. */
const scope = z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'is not an RFC 6749 scope token')
const endpoint = checked(endpointProblem)
const resource = checked(resourceProblem)

const publicKey: z.ZodType<JWK> = z
  .looseObject({ kty: z.enum(['EC', 'RSA', 'OKP']) })
  .superRefine((key, context) => {
    const message = publicKeyProblem(key)
    if (message) context.addIssue({ code: 'custom', message })
  })

const tokenExchangeSchema = strict({
  subjectAudiences: z.array(resource).min(1),
  resources: z.array(resource).min(1),
}) satisfies z.ZodType<TokenExchangeOptions>

export const clientSchema = strict({
  clientId: z.string().regex(/^[\w.~-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ ~ -'),
  name,
  redirectUris: z.array(endpoint),
  postLogoutRedirectUris: z.array(endpoint),
  jwks: z.exactOptional(strict({ keys: z.array(publicKey).min(1) })),
  grantTypes: z
    .array(
      z.enum(['authorization_code', 'refresh_token', 'client_credentials', tokenExchangeGrant]),
    )
    .min(1),
  scopes: z.array(scope),
  resources: z.array(resource),
  rotateRefreshToken: z.exactOptional(z.enum(['always', 'default'])),
  consent: z.enum(['implicit', 'required']),
  tokenExchange: z.exactOptional(tokenExchangeSchema),
  backchannelLogoutUri: z.exactOptional(endpoint),
  trustsLogoutHint: z.exactOptional(z.boolean()),
  initiateLoginUri: z.exactOptional(endpoint),
}) satisfies z.ZodType<IdentityClientOptions>

export const resourceSchema = strict({
  identifier: resource,
  scopes: z.array(scope).min(1),
  accessTokenTtl: z.exactOptional(seconds),
}) satisfies z.ZodType<ResourceOptions>

const accountSchema = strict({
  username: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be lower case: a-z 0-9 . _ -, at most 64'),
  password: z.string().min(1).max(256),
  name,
  email: z.email(),
}) satisfies z.ZodType<AccountOptions>

const lifetimesSchema = strict({
  accessToken: z.exactOptional(seconds),
  authorizationCode: z.exactOptional(seconds.max(600)),
  idToken: z.exactOptional(seconds),
  interaction: z.exactOptional(seconds),
  refreshToken: z.exactOptional(seconds),
  session: z.exactOptional(seconds),
}) satisfies z.ZodType<LifetimeOptions>

export const identitySchema = strict({
  issuer: checked(issuerProblem),
  dataDir: text,
  clients: z.array(clientSchema),
  resources: z.array(resourceSchema),
  accounts: z.array(accountSchema),
  allowedPrivateOrigins: z.exactOptional(z.array(checked(originProblem))),
  lifetimes: z.exactOptional(lifetimesSchema),
  telemetry: z.exactOptional(z.custom<Telemetry>(isTelemetry, 'is not a Telemetry')),
}) satisfies z.ZodType<IdentityOptions>

function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined
      return issue.keys.map((key) => unknownKey(key, Object.keys(shape))).join('; ')
    },
  })
}

function unknownKey(key: string, known: string[]): string {
  const meant = closestName(key, known)
  return `unknown key "${key}"${meant ? `: did you mean "${meant}"?` : ''}`
}

function checked(problem: (value: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const message = problem(value)
    if (message) context.addIssue({ code: 'custom', message })
  })
}

function isTelemetry(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'log' in value && 'serve' in value
}
