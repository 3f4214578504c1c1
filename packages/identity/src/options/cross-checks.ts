import { isLoopback } from '@sallyport/core/options'
import { authenticationMethod, clientKeysProblem, isTlsMethod } from './client-authentication.ts'
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
  const { issuer, clients, resources, allowedPrivateOrigins } = Object(options) as Record<
    string,
    unknown
  >
  const known = list(resources).flatMap((entry) => resourceSchema.safeParse(entry).data ?? [])
  const origins = list(allowedPrivateOrigins).filter((entry) => typeof entry === 'string')
  const ofClients = list(clients).flatMap((entry, index) => {
    const client = clientSchema.safeParse(entry).data
    if (!client) return []
    const found = [
      ...references(client, known),
      ...grants(client),
      ...authentication(client, issuer),
      ...backchannel(client, origins),
    ]
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
  const { grantTypes, tokenExchange, redirectUris, scopes } = client
  const has = (grant: (typeof grantTypes)[number]) => grantTypes.includes(grant)
  const isPublic = authenticationMethod(client) === 'none'
  return broken([
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
    [
      isPublic && has('client_credentials'),
      'grantTypes',
      'client_credentials needs a confidential client',
    ],
    [
      isPublic && Boolean(tokenExchange),
      'tokenExchange',
      'token exchange needs a confidential client',
    ],
    [
      has(tokenExchangeGrant) && !tokenExchange,
      'tokenExchange',
      'must say what the token exchange grant may exchange',
    ],
  ])
}

function authentication(client: IdentityClientOptions, issuer: unknown): CrossProblem[] {
  const keysProblem = clientKeysProblem(client)
  const isTls = isTlsMethod(authenticationMethod(client))
  const isBound = Boolean(client.dpopBoundAccessTokens || client.tlsBoundAccessTokens)
  const hasTls = String(issuer).startsWith('https:')
  const noTls = 'needs an https issuer'
  return broken([
    [keysProblem !== undefined, 'jwks', String(keysProblem)],
    [isTls && !hasTls, 'clientAuthentication', noTls],
    [Boolean(client.tlsBoundAccessTokens) && !hasTls, 'tlsBoundAccessTokens', noTls],
    [
      Boolean(client.dpopBoundAccessTokens && client.tlsBoundAccessTokens),
      'tlsBoundAccessTokens',
      'and dpopBoundAccessTokens exclude each other: a token has one binding',
    ],
    [
      Boolean(client.requireSignedRequestObject) && !client.jwks,
      'requireSignedRequestObject',
      "needs the client's public keys (jwks)",
    ],
    [
      isBound && Boolean(client.tokenExchange),
      'tokenExchange',
      'gives bearer tokens, which a client with bound tokens does not take',
    ],
  ])
}

type Rule = [isBroken: boolean, member: string, message: string]

function broken(rules: Rule[]): CrossProblem[] {
  return rules.flatMap(([isBroken, member, message]) =>
    isBroken ? [{ path: [member], message }] : [],
  )
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
