import type { RouteConfig } from '../options/route-options.ts'

/** What an access token must be good for. Never satisfied by a token for something else, or more. */
export interface TokenRequest {
  readonly resource?: string | undefined
  readonly audience?: string | undefined
  readonly scopes?: readonly string[] | undefined
  readonly grant?: 'refresh' | 'exchange' | undefined
}

/** What a route asks for. */
export function toTokenRequest({ resource, audience, scopes, grant }: RouteConfig): TokenRequest {
  return { resource, audience, scopes, grant }
}

/**
 * The name under which a token is kept: two requests share it if they ask for the same. Empty for
 * what the issuer gives unasked.
 */
export function tokenKey({ resource, audience, scopes, grant }: TokenRequest): string {
  const wanted = {
    ...(resource !== undefined && { resource }),
    ...(audience !== undefined && { audience }),
    ...(scopes !== undefined && { scopes: [...new Set(scopes)].sort() }),
    ...(grant === 'exchange' && { grant }),
  }
  return Object.keys(wanted).length === 0 ? '' : JSON.stringify(wanted)
}
