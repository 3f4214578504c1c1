import { isLoopback } from '@sallyport/core/options'
import type { IdentityClientOptions, ResourceOptions } from './identity-options.ts'
import { clientSchema, resourceSchema, tokenExchangeGrant } from './identity-schema.ts'

/** Scopes of OpenID Connect that this server knows. */
export const identityScopes = ['openid', 'profile', 'email', 'offline_access'] as const

/** A problem that only shows when parts are seen together. */
export interface CrossProblem {
  path: (string | number)[]
  message: string
}

/**
 * Problems between well-formed parts: references to nothing, grants that contradict each other.
 * Parts that are malformed themselves are left out: the schema names those.
 */
export function crossCheck(options: unknown): CrossProblem[] {
  const { clients, resources, allowedPrivateOrigins } = Object(options) as Record<string, unknown>
  const known = list(resources).flatMap((entry) => resourceSchema.safeParse(entry).data ?? [])
  const origins = list(allowedPrivateOrigins).filter((entry) => typeof entry === 'string')
  const ofClients = list(clients).flatMap((entry, index) => {
    const client = clientSchema.safeParse(entry).data
    if (!client) return []
    const found = [...references(client, known), ...grants(client), ...backchannel(client, origins)]
    return found.map(({ path, message }) => ({ path: ['clients', index, ...path], message }))
  })
  return [...sharedScopes(known), ...ofClients]
}

function references(client: IdentityClientOptions, resources: ResourceOptions[]): CrossProblem[] {
  const identifiers = new Set(resources.map(({ identifier }) => identifier))
  const scopes = new Set<string>([
    ...identityScopes,
    ...resources.flatMap((resource) => resource.scopes),
  ])
  const exchange = client.tokenExchange
  return [
    ...missing(['resources'], client.resources, identifiers),
    ...missing(['scopes'], client.scopes, scopes),
    ...missing(['tokenExchange', 'resources'], exchange?.resources ?? [], identifiers),
    ...missing(
      ['tokenExchange', 'subjectAudiences'],
      exchange?.subjectAudiences ?? [],
      identifiers,
    ),
  ]
}

function missing(path: string[], names: string[], known: Set<string>): CrossProblem[] {
  return names.flatMap((name, index) => {
    const message = `"${name}" is not declared under resources`
    return known.has(name) ? [] : [{ path: [...path, index], message }]
  })
}

function grants(client: IdentityClientOptions): CrossProblem[] {
  const { grantTypes, jwks, tokenExchange, redirectUris, scopes } = client
  const has = (grant: (typeof grantTypes)[number]) => grantTypes.includes(grant)
  const rules: [broken: boolean, member: string, message: string][] = [
    [has('authorization_code') && redirectUris.length === 0, 'redirectUris', 'needs at least one'],
    [
      has('authorization_code') && !scopes.includes('openid'),
      'scopes',
      'must contain openid for the authorization_code grant',
    ],
    [
      has('refresh_token') && !has('authorization_code'),
      'grantTypes',
      'refresh_token needs authorization_code',
    ],
    [!jwks && has('client_credentials'), 'jwks', 'client_credentials needs a confidential client'],
    [!jwks && Boolean(tokenExchange), 'jwks', 'token exchange needs a confidential client'],
    [
      has(tokenExchangeGrant) && !tokenExchange,
      'tokenExchange',
      'must say what the token exchange grant may exchange',
    ],
  ]
  return rules.flatMap(([broken, member, message]) => (broken ? [{ path: [member], message }] : []))
}

function backchannel(client: IdentityClientOptions, origins: string[]): CrossProblem[] {
  const uri = client.backchannelLogoutUri
  if (!uri) return []
  const url = new URL(uri)
  if (!isLoopback(url) || origins.includes(url.origin)) return []
  const message = `is a loopback address: add "${url.origin}" to allowedPrivateOrigins`
  return [{ path: ['backchannelLogoutUri'], message }]
}

function sharedScopes(resources: ResourceOptions[]): CrossProblem[] {
  const reserved = new Set<string>(identityScopes)
  return resources.flatMap(({ scopes }, index) =>
    scopes
      .filter((scope) => reserved.has(scope))
      .map((scope) => ({
        path: ['resources', index, 'scopes'],
        message: `"${scope}" is a scope of OpenID Connect`,
      })),
  )
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
