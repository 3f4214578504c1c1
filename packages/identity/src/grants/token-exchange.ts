import type { Clock } from '@sallyport/core'
import type { JWK } from 'jose'
import { errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider'
import type { AccountStore } from '../accounts/account-store.ts'
import type { IdentityClientOptions } from '../options/identity-options.ts'
import { tokenExchangeGrant } from '../options/identity-schema.ts'
import type { IdentityConfig } from '../options/parse-options.ts'
import { toResourceServer } from '../provider/resource-servers.ts'
import type { ClaimsDesk } from './access-token-claims.ts'
import { type SubjectToken, verifySubjectToken } from './subject-token.ts'

/** What the grant works with. */
export interface TokenExchangeContext {
  config: IdentityConfig
  accounts: AccountStore
  publicKey: JWK
  claimsDesk: ClaimsDesk
  clock: Clock
}

interface ExchangeParameters {
  subject_token?: string
  subject_token_type?: string
  actor_token?: string
  actor_token_type?: string
  requested_token_type?: string
  audience?: string
}

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'

const parameters = [
  'subject_token',
  'subject_token_type',
  'actor_token',
  'actor_token_type',
  'requested_token_type',
  'audience',
  'resource',
  'scope',
]

/**
 * Adds the token exchange grant: an API that holds a person's access token gets one for the next
 * API, for less or the same, never longer than the first one lives, naming itself in `act`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8693.html RFC 8693}
 */
export function registerTokenExchange(provider: Provider, context: TokenExchangeContext): void {
  provider.registerGrantType<ExchangeParameters>(
    tokenExchangeGrant,
    (ctx) => exchange(ctx, context),
    parameters,
  )
}

async function exchange(
  ctx: TokenEndpointGrantContext<ExchangeParameters>,
  { config, accounts, publicKey, claimsDesk, clock }: TokenExchangeContext,
): Promise<void> {
  const { provider, params } = ctx.oidc
  const client = config.clients.get(ctx.oidc.client.clientId)
  const policy = client?.tokenExchange
  if (!client || !policy) throw new errors.UnauthorizedClient('token exchange is not allowed')
  assertParameters(params)

  const subjectToken = await verifySubjectToken(String(params.subject_token), {
    issuer: config.issuer,
    publicKey,
    audiences: policy.subjectAudiences,
    takesBound: policy.boundSubjectTokens ?? false,
    accounts,
  })
  const resource = config.resources.get(requestedTarget(params, policy.resources))
  if (!resource) throw new errors.InvalidTarget()
  const resourceServer = toResourceServer(config, client, resource)
  const scope = narrowScope(params.scope, {
    allowed: String(resourceServer.scope).split(' '),
    subjectToken,
    target: resource.identifier,
  })
  const ttl = Math.min(
    resourceServer.accessTokenTTL ?? config.lifetimes.accessToken,
    subjectToken.expiresAt - clock(),
  )
  if (ttl <= 0) throw new errors.InvalidRequest('subject_token is not acceptable: it has expired')

  const accessToken = new provider.AccessToken({
    accountId: subjectToken.subject,
    client: ctx.oidc.client,
    expiresIn: ttl,
    gty: 'token_exchange',
    resourceServer: new provider.ResourceServer(resource.identifier, resourceServer),
    scope,
  } as never)
  claimsDesk.leave(accessToken, { ...subjectToken.signIn, act: actor(client, subjectToken) })
  ctx.oidc.entity('AccessToken', accessToken)
  ctx.body = {
    access_token: await accessToken.save(),
    issued_token_type: accessTokenType,
    token_type: 'Bearer',
    expires_in: ttl,
    scope,
  }
}

function assertParameters(params: ExchangeParameters): void {
  if (!params.subject_token) throw new errors.InvalidRequest('subject_token is missing')
  if (params.subject_token_type !== accessTokenType) {
    throw new errors.InvalidRequest(`subject_token_type must be ${accessTokenType}`)
  }
  if (params.actor_token !== undefined || params.actor_token_type !== undefined) {
    throw new errors.InvalidRequest('actor_token is not supported: the client is the actor')
  }
  const requested = params.requested_token_type ?? accessTokenType
  if (requested !== accessTokenType && requested !== jwtType) {
    throw new errors.InvalidRequest('requested_token_type is not supported')
  }
}

function requestedTarget(
  params: ExchangeParameters & { resource?: string | string[] | undefined },
  allowed: readonly string[],
): string {
  const named = new Set([params.resource, params.audience].flat().filter(Boolean))
  const [target] = named
  if (target === undefined) throw new errors.InvalidTarget('resource or audience is missing')
  if (named.size > 1) throw new errors.InvalidTarget('only one resource can be asked for')
  if (!allowed.includes(target)) throw new errors.InvalidTarget()
  return target
}

interface ScopeLimits {
  /** What the client may ask at the target. */
  allowed: readonly string[]
  subjectToken: SubjectToken
  target: string
}

function narrowScope(requested: string | undefined, limits: ScopeLimits): string {
  const { allowed, subjectToken, target } = limits
  // For the same audience scopes mean the same: there a token can only be narrowed.
  const most =
    subjectToken.audience === target
      ? allowed.filter((scope) => subjectToken.scopes.has(scope))
      : allowed
  const wanted = requested === undefined ? most : requested.split(' ')
  const granted = most.filter((scope) => wanted.includes(scope))
  if (granted.length === 0) {
    throw new errors.InvalidScope('none of the requested scopes can be had', requested ?? '')
  }
  return granted.join(' ')
}

function actor(client: IdentityClientOptions, { act }: SubjectToken) {
  return act ? { sub: client.clientId, act } : { sub: client.clientId }
}
