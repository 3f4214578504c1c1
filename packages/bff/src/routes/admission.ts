import type { RouteConfig } from '../options/route-options.ts'

/** How a request presents itself. */
export interface Presented {
  /** It shows a token, as an app's does. */
  readonly isApp: boolean
  /** It carries a session cookie, good or not. */
  readonly isNamed: boolean
}

/** Whose access token goes to the upstream with a page's request. */
export function whoseToken({ token }: RouteConfig, isNamed: boolean): 'user' | 'client' | 'none' {
  if (token === 'user-or-client') return isNamed ? 'user' : 'client'
  if (token === 'user-or-none') return isNamed ? 'user' : 'none'
  return token
}

/**
 * Whether a request must carry the anti-forgery header. Whoever has a cookie to lend, or gets a token or an
 * identity for the asking, must be the application itself; of others only where they come from counts.
 */
export function needsCsrfHeader(route: RouteConfig, { isApp, isNamed }: Presented): boolean {
  if (isNamed) return true
  const isForAnybody = whoseToken(route, false) === 'none' && !route.visitor
  return !isForAnybody && !isApp
}
