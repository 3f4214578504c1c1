import { errors, type ResourceServer } from 'oidc-provider'
import type { IdentityClientOptions, ResourceOptions } from '../options/identity-options.ts'
import type { IdentityConfig } from '../options/parse-options.ts'

/**
 * The resource as one client may use it: only scopes that both declare.
 *
 * @throws InvalidTarget when it is unknown or not one of this client's.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8707.html#section-2 RFC 8707, section 2}
 */
export function resourceServerFor(
  config: IdentityConfig,
  identifier: string,
  clientId: string,
): ResourceServer {
  const client = config.clients.get(clientId)
  const resource = config.resources.get(identifier)
  if (!client?.resources.includes(identifier) || !resource) throw new errors.InvalidTarget()
  return toResourceServer(config, client, resource)
}

/** The provider's form of a resource: a JWT access token (RFC 9068), signed with ES256. */
export function toResourceServer(
  config: IdentityConfig,
  client: IdentityClientOptions,
  resource: ResourceOptions,
): ResourceServer {
  const scopes = resource.scopes.filter((scope) => client.scopes.includes(scope))
  return {
    scope: scopes.join(' '),
    audience: resource.identifier,
    accessTokenTTL: resource.accessTokenTtl ?? config.lifetimes.accessToken,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  }
}
