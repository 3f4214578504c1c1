/** Paths of the provider's endpoints. */
export const routes = {
  authorization: '/authorize',
  token: '/token',
  userinfo: '/userinfo',
  jwks: '/jwks',
  revocation: '/revoke',
  introspection: '/introspect',
  end_session: '/sign-out',
  pushed_authorization_request: '/par',
} as const

/** Paths of the pages that are our own. */
export const pages = {
  interaction: '/interaction',
  staySignedIn: '/stay-signed-in',
} as const

/** Health endpoints: they answer for any host. */
export const health = { live: '/livez', ready: '/readyz' } as const

/**
 * The pattern a path belongs to, for span names and log lines: never the path itself, which has
 * ids in it. The library matches paths without regard to case.
 */
export function routePattern(path: string): string {
  const lower = path.toLowerCase()
  if (lower.startsWith('/.well-known/')) return '/.well-known/*'
  const known = [...Object.values(routes), ...Object.values(pages), ...Object.values(health)]
  for (const route of known) {
    if (lower === route || lower === `${route}/`) return route
    if (lower.startsWith(`${route}/`)) return `${route}/*`
  }
  return '*'
}

/** Whether people's browsers navigate to it. Everything else is asked by programs. */
export function isPage(path: string): boolean {
  const pattern = routePattern(path).replace('/*', '')
  const forPeople: string[] = [routes.authorization, routes.end_session, ...Object.values(pages)]
  return forPeople.includes(pattern)
}
