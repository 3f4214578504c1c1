import type { IdentityClientOptions, ResourceOptions } from './identity-options.ts'
import { clientSchema, resourceSchema, tokenExchangeGrant } from './identity-schema.ts'
import { isLoopback } from './url-rules.ts'

/** Scopes of OpenID Connect that this server knows. */
export const identityScopes = ['openid', 'profile', 'email', 'offline_access'] as const

/** A problem that only shows when parts are seen together. */
export interface ConfigProblem {
  path: string
  message: string
}

/**
 * Problems between well-formed parts: references to nothing, doubled names, grants that contradict
 * each other. Parts that are malformed themselves are left out: the schema names those.
 */
export function crossCheck(options: unknown): ConfigProblem[] {
  const { clients, resources, allowedPrivateOrigins } = Object(options) as Record<string, unknown>
  const known = list(resources).flatMap((entry) => resourceSchema.safeParse(entry).data ?? [])
  const origins = list(allowedPrivateOrigins).filter((entry) => typeof entry === 'string')
  const problems: ConfigProblem[] = [
    ...doubled(list(clients), 'clients', 'clientId'),
    ...doubled(list(resources), 'resources', 'identifier'),
    ...doubled(list(Object(options).accounts), 'accounts', 'username'),
    ...sharedScopes(known),
  ]
  for (const [index, entry] of list(clients).entries()) {
    const client = clientSchema.safeParse(entry).data
    if (!client) continue
    const found = [...references(client, known), ...grants(client), ...backchannel(client, origins)]
    for (const { path, message } of found) {
      problems.push({ path: `clients[${index}].${path}`, message })
    }
  }
  return problems
}

function references(client: IdentityClientOptions, resources: ResourceOptions[]): ConfigProblem[] {
  const identifiers = new Set(resources.map(({ identifier }) => identifier))
  const scopes = new Set<string>([
    ...identityScopes,
    ...resources.flatMap((resource) => resource.scopes),
  ])
  const exchange = client.tokenExchange
  return [
    ...missing('resources', client.resources, identifiers),
    ...missing('scopes', client.scopes, scopes),
    ...missing('tokenExchange.resources', exchange?.resources ?? [], identifiers),
    ...missing('tokenExchange.subjectAudiences', exchange?.subjectAudiences ?? [], identifiers),
  ]
}

function missing(path: string, names: string[], known: Set<string>): ConfigProblem[] {
  return names.flatMap((name, index) =>
    known.has(name)
      ? []
      : [{ path: `${path}[${index}]`, message: `"${name}" is not declared under resources` }],
  )
}

function grants(client: IdentityClientOptions): ConfigProblem[] {
  const { grantTypes, jwks, tokenExchange, redirectUris, scopes } = client
  const has = (grant: (typeof grantTypes)[number]) => grantTypes.includes(grant)
  const rules: [broken: boolean, path: string, message: string][] = [
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
  return rules.flatMap(([broken, path, message]) => (broken ? [{ path, message }] : []))
}

function backchannel(client: IdentityClientOptions, origins: string[]): ConfigProblem[] {
  const uri = client.backchannelLogoutUri
  if (!uri) return []
  const url = new URL(uri)
  if (!isLoopback(url) || origins.includes(url.origin)) return []
  const message = `is a loopback address: add "${url.origin}" to allowedPrivateOrigins`
  return [{ path: 'backchannelLogoutUri', message }]
}

function sharedScopes(resources: ResourceOptions[]): ConfigProblem[] {
  const reserved = new Set<string>(identityScopes)
  return resources.flatMap(({ scopes }, index) =>
    scopes
      .filter((scope) => reserved.has(scope))
      .map((scope) => ({
        path: `resources[${index}].scopes`,
        message: `"${scope}" is a scope of OpenID Connect`,
      })),
  )
}

function doubled(entries: unknown[], path: string, key: string): ConfigProblem[] {
  const seen = new Set<unknown>()
  return entries.flatMap((entry, index) => {
    const value: unknown = Object(entry)[key]
    if (value === undefined) return []
    if (seen.has(value)) {
      return [{ path: `${path}[${index}].${key}`, message: `"${value}" occurs twice` }]
    }
    seen.add(value)
    return []
  })
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
