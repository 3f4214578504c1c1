import type { Clock } from '@sallyport/core'
import {
  type Configuration,
  errors,
  type KoaContextWithOIDC,
  type JWK as ProviderJwk,
} from 'oidc-provider'
import type { AccountStore } from '../accounts/account-store.ts'
import type { ClaimsDesk } from '../grants/access-token-claims.ts'
import type { GuardedFetch } from '../http/guarded-fetch.ts'
import type { ServerKeys } from '../keys/server-keys.ts'
import type { IdentityConfig } from '../options/parse-options.ts'
import type { ProviderPages } from '../pages/provider-pages.ts'
import type { ArtifactStore } from '../storage/adapter.ts'
import { toClientMetadata } from './client-metadata.ts'
import { authenticationMethods, enabledAlgorithms, protectionFeatures } from './features.ts'
import { grantLifetime, loadGrant } from './implicit-consent.ts'
import { createInteractionPolicy, promptValues } from './interaction-policy.ts'
import { resourceServerFor } from './resource-servers.ts'
import { pages, routes } from './routes.ts'
import { passwordAcr } from './sign-in-methods.ts'

/** What the provider is wired to. */
export interface ProviderParts {
  config: IdentityConfig
  keys: ServerKeys
  artifacts: ArtifactStore
  accounts: AccountStore
  claimsDesk: ClaimsDesk
  providerPages: ProviderPages
  fetch: GuardedFetch
  clock: Clock
}

const longestAssertion = 300
const oneYear = 365 * 24 * 3600

/** The library's configuration: every default that is unsafe, published or noisy is replaced. */
export function createProviderConfiguration(parts: ProviderParts): Configuration {
  const { config, keys, artifacts, accounts, claimsDesk, providerPages, fetch, clock } = parts
  const policy = createInteractionPolicy()
  return {
    adapter: (model) => artifacts.adapter(model),
    clients: [...config.clients.values()].map(toClientMetadata),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: authenticationMethods(config),
    clientBasedCORS: () => false,
    jwks: { keys: [keys.signingKey as ProviderJwk] },
    enabledJWA: enabledAlgorithms(config),
    cookies: {
      keys: [...keys.cookieKeys],
      names: cookieNames(config.issuer),
      long: { httpOnly: true, sameSite: 'lax', path: '/' },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    routes,
    responseTypes: ['code'],
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access'],
    acrValues: [passwordAcr],
    discovery: { prompt_values_supported: promptValues(policy) },
    claims: {
      openid: ['sub', 'acr', 'amr', 'auth_time'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    // A client with a JWT access token cannot ask userinfo, so the ID token has all the claims.
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      ...protectionFeatures(config, keys.dpopNonceSecret),
      clientCredentials: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: providerPages.confirmSignOut,
        postLogoutSuccessSource: providerPages.signedOut,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx, _client, oneOf) => oneOf as string[],
        getResourceServerInfo: (_ctx, identifier, client) =>
          resourceServerFor(config, identifier, client.clientId),
        useGrantedResource: () => false,
      },
    },
    interactions: {
      policy,
      url: (ctx, interaction) =>
        `${pages.interaction}/${interaction.uid}?client=${encodeURIComponent(ctx.oidc.client?.clientId ?? '')}`,
    },
    findAccount: (_ctx, subject) => {
      const account = accounts.find(subject)
      if (!account) return undefined
      const { username, name, email } = account
      return {
        accountId: subject,
        claims: () => ({
          sub: subject,
          name,
          preferred_username: username,
          email,
          // Nobody has checked that the address is the person's: it must not count as identity.
          email_verified: false,
        }),
      }
    },
    loadExistingGrant: (ctx) => loadGrant(ctx, config, clock),
    extraTokenClaims: (ctx, token) => claimsDesk.collect(ctx, token),
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: (_ctx, source) => !source.scopes.has('offline_access'),
    rotateRefreshToken: (ctx) => shouldRotate(ctx, config),
    assertJwtClientAuthClaimsAndHeader: (_ctx, claims) => {
      if (Number(claims.exp) > clock() + longestAssertion) {
        throw new errors.InvalidClientAuth({ detail: 'the assertion lives too long' })
      }
    },
    renderError: providerPages.error,
    ttl: lifetimes(config),
    fetch,
  } as Configuration
}

/**
 * Names of the cookies. Cookies ignore ports, so on localhost they share a jar with every other
 * program there: the names are this server's own.
 */
function cookieNames(issuer: string) {
  const prefix = issuer.startsWith('https:') ? '__Host-' : ''
  return {
    session: `${prefix}sallyport-identity`,
    // These two are bound to a path, which the prefix does not allow.
    interaction: 'sallyport-identity-interaction',
    resume: 'sallyport-identity-resume',
  }
}

function lifetimes(config: IdentityConfig): NonNullable<Configuration['ttl']> {
  const { accessToken, authorizationCode, idToken, interaction, refreshToken, session } =
    config.lifetimes
  return {
    AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? accessToken,
    ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? accessToken,
    AuthorizationCode: authorizationCode,
    IdToken: idToken,
    Interaction: interaction,
    // A public client's chain of refresh tokens ends when its first one would have (RFC 9700).
    RefreshToken: (ctx, _token, client) =>
      (client.clientAuthMethod === 'none' && ctx.oidc.entities.RotatedRefreshToken?.remainingTTL) ||
      refreshToken,
    Session: session,
    Grant: grantLifetime(config),
  }
}

function shouldRotate(ctx: KoaContextWithOIDC, config: IdentityConfig): boolean {
  const { RefreshToken: refreshToken, Client: client } = ctx.oidc.entities
  if (!refreshToken || !client) return true
  if (refreshToken.totalLifetime() >= oneYear) return false
  const isPublic = client.clientAuthMethod === 'none'
  const always = config.clients.get(client.clientId)?.rotateRefreshToken === 'always'
  return isPublic || always || refreshToken.ttlPercentagePassed() >= 70
}
