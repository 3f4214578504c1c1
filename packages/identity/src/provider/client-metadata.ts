import type { ClientMetadata } from 'oidc-provider'
import { authenticationMethod } from '../options/client-authentication.ts'
import { identityScopes } from '../options/cross-checks.ts'
import type { IdentityClientOptions } from '../options/identity-options.ts'

const plainResponseModes = ['query', 'form_post', 'fragment']

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
    ...authentication(client),
    id_token_signed_response_alg: 'ES256',
    authorization_signed_response_alg: 'ES256',
    response_modes: client.responseModes ?? plainResponseModes,
    dpop_bound_access_tokens: client.dpopBoundAccessTokens ?? false,
    tls_client_certificate_bound_access_tokens: client.tlsBoundAccessTokens ?? false,
    require_pushed_authorization_requests: client.requirePushedAuthorizationRequests ?? false,
    require_signed_request_object: client.requireSignedRequestObject ?? false,
    ...(client.jwks && { jwks: client.jwks as NonNullable<ClientMetadata['jwks']> }),
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...(client.backchannelLogoutUri && {
      backchannel_logout_uri: client.backchannelLogoutUri,
      backchannel_logout_session_required: true,
    }),
  }
}

function authentication(client: IdentityClientOptions): Omit<ClientMetadata, 'client_id'> {
  const { clientAuthentication } = client
  return {
    token_endpoint_auth_method: authenticationMethod(client),
    ...(clientAuthentication &&
      'secret' in clientAuthentication && { client_secret: clientAuthentication.secret.reveal() }),
    ...(clientAuthentication &&
      'subjectDn' in clientAuthentication && {
        tls_client_auth_subject_dn: clientAuthentication.subjectDn,
      }),
  }
}

/** Where a person starts again at this client; `undefined` for a client nobody signs in to. */
export function startUri(client: IdentityClientOptions): string | undefined {
  if (client.initiateLoginUri) return client.initiateLoginUri
  const [redirectUri] = client.redirectUris
  return redirectUri && `${new URL(redirectUri).origin}/`
}
