import type { ClientMetadata } from 'oidc-provider'
import { identityScopes } from '../options/cross-checks.ts'
import type { IdentityClientOptions } from '../options/identity-options.ts'

/** The provider's metadata of one client (OpenID Connect Dynamic Client Registration's names). */
export function toClientMetadata(client: IdentityClientOptions): ClientMetadata {
  const scopes = identityScopes.filter((scope) => client.scopes.includes(scope))
  return {
    client_id: client.clientId,
    client_name: client.name,
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    grant_types: client.grantTypes,
    response_types: client.grantTypes.includes('authorization_code') ? ['code'] : [],
    token_endpoint_auth_method: client.jwks ? 'private_key_jwt' : 'none',
    id_token_signed_response_alg: 'ES256',
    ...(client.jwks && { jwks: client.jwks as NonNullable<ClientMetadata['jwks']> }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...(client.backchannelLogoutUri && {
      backchannel_logout_uri: client.backchannelLogoutUri,
      backchannel_logout_session_required: true,
    }),
  }
}

/** Where a person starts again at this client; `undefined` for a client nobody signs in to. */
export function startUri(client: IdentityClientOptions): string | undefined {
  if (client.initiateLoginUri) return client.initiateLoginUri
  const [redirectUri] = client.redirectUris
  return redirectUri && `${new URL(redirectUri).origin}/`
}
