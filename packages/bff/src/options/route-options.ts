import { absoluteUri, httpUrl, scopeToken, strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import {
  ambiguousRoutes,
  parsePattern,
  patternProblem,
  templateProblem,
} from '../routes/pattern.ts'
import { canonicalPath } from '../target.ts'
import { type RouteCaller, routeCallers } from './caller-options.ts'
import { headerShape, type RouteHeaderConfig, type RouteHeaderOptions } from './header-options.ts'

/** Whose access token goes to an upstream. */
export type RouteToken = (typeof routeTokens)[number]

const routeTokens = ['user', 'client', 'user-or-client', 'user-or-none', 'none'] as const

/** One path pattern and the upstream it goes to. */
export interface RouteOptions extends RouteHeaderOptions {
  /**
   * A path pattern. Whole segments count: `{name}` is a parameter and stands for any one segment, `/*`
   * at the end for everything below and the path itself. Of patterns that match the same path the
   * most specific one counts: literal before parameter before wildcard, segment by segment. Two
   * routes may have the same pattern when they share no method.
   */
  match: string
  /**
   * Where it goes: origin and path that takes the place of the matched one. Parameters of `match` may be
   * whole segments of its path, `http://files.internal/v2/{tenant}`, and nothing else of it.
   */
  upstream: string
  /**
   * Methods that pass; others get 405.
   * @defaultValue GET, HEAD, POST, PUT, PATCH, DELETE
   */
  methods?: string[] | undefined
  /**
   * Whose access token goes along.
   *
   * - `user`: the signed-in user's; nobody else gets in.
   * - `client`: the BFF's own, by client credentials, for visitors and users alike.
   * - `user-or-client`: the user's, and the BFF's own for a visitor.
   * - `user-or-none`: the user's, and none for a visitor.
   * - `none`: none, for anybody; no cookie goes along either.
   *
   * A visitor is who sends no session cookie. Whoever sends one that is over gets 401 on all routes
   * that may take a user's token: a call meant for a person is never made in another name.
   * @defaultValue 'user'
   */
  token?: RouteToken | undefined
  /**
   * Who may call.
   *
   * - `browser`: a page, with the session cookie, or as the visitor that `token` lets in.
   * - `bearer`: an app with an access token of its own for this BFF (`bearer`), `Authorization:
   *   Bearer` or `DPoP`. It is verified and exchanged (RFC 8693), never passed on.
   * - `native`: an app of `nativeApps` with a session of its own, `Authorization: DPoP`.
   *
   * A request with both a session cookie and a token of an app is refused. Without `bearer` and
   * `native` the client's `Authorization` is dropped.
   * @defaultValue ['browser']
   */
  callers?: RouteCaller[] | undefined
  /** What a caller's access token for this BFF must have been granted. Needed with `bearer`. */
  callerScopes?: string[] | undefined
  /**
   * Whether the upstream learns which visitor calls, in the header `sallyport-visitor`: an id that
   * stays the same until the browser signs in or `visitors.lifetime` is over. With a session it is the
   * visitor that this person was before, so that a basket can be merged, or there is none. Only pages
   * of the application get through then. The header proves nothing by itself: let nobody but the BFF
   * reach the upstream, or ask for a token as well.
   * @defaultValue false
   */
  visitor?: boolean | undefined
  /** The resource server the token must be for (RFC 8707); absent: what the issuer gives. */
  resource?: string | undefined
  /** The same for issuers that know `audience` instead (RFC 8693 section 2.1, Auth0). */
  audience?: string | undefined
  /** What the token may do: exactly these scopes are asked for. Absent: what the issuer gives. */
  scopes?: string[] | undefined
  /**
   * How the user's token for this route is had: `refresh` asks with the refresh token (RFC 8707
   * section 2.2), `exchange` gives the token from sign-in in exchange (RFC 8693).
   * @defaultValue 'refresh'
   */
  grant?: 'refresh' | 'exchange' | undefined
  /**
   * Seconds until the upstream must have sent its response headers.
   * @defaultValue 30
   */
  timeout?: number | undefined
}

/** A route with every default filled in. */
export interface RouteConfig extends RouteHeaderConfig {
  readonly match: string
  readonly upstream: URL
  readonly methods: readonly string[]
  readonly token: RouteToken
  readonly callers: readonly RouteCaller[]
  readonly callerScopes?: readonly string[] | undefined
  readonly visitor: boolean
  readonly resource?: string | undefined
  readonly audience?: string | undefined
  readonly scopes?: readonly string[] | undefined
  readonly grant: 'refresh' | 'exchange'
  readonly timeout: number
}

const defaultMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** A path in the one form in which paths are matched. */
export const path = z.string().refine((text) => {
  try {
    return text.startsWith('/') && canonicalPath(text) === text
  } catch {
    return false
  }
}, 'must be a canonical path that starts with "/"')

const pattern = z.string().superRefine((text, context) => {
  const problem = patternProblem(text)
  if (problem) context.addIssue({ code: 'custom', message: problem })
})

/** The schema of {@link RouteOptions}. */
const route = strictObject({
  match: pattern,
  upstream: httpUrl
    .refine((text) => !text.includes('?'), 'must not contain a query')
    .refine(
      (text) => !/[{}]/.test(URL.parse(text)?.host ?? ''),
      'a parameter can stand in the path alone: who is asked is fixed',
    )
    .transform((text) => new URL(text)),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/))
    .min(1)
    .default(defaultMethods),
  token: z.enum(routeTokens).default('user'),
  callers: z.array(z.enum(routeCallers)).min(1).default(['browser']),
  callerScopes: z.array(scopeToken).min(1).optional(),
  visitor: z.boolean().default(false),
  resource: absoluteUri.optional(),
  audience: z.string().min(1).optional(),
  scopes: z.array(scopeToken).min(1).optional(),
  grant: z.enum(['refresh', 'exchange']).default('refresh'),
  timeout: z.int().positive().default(30),
  ...headerShape,
}).superRefine((config, context) => {
  const { match, upstream, token, visitor, resource, audience, scopes, grant } = config
  const problem = (name: string, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message })
  // What is malformed has been said, and comes here all the same.
  const wrong =
    upstream instanceof URL && templateProblem(upstream.pathname, parsePattern(match).parameters)
  if (wrong) problem('upstream', wrong)
  if (token === 'none') {
    for (const [name, value] of Object.entries({ resource, audience, scopes })) {
      if (value !== undefined) problem(name, 'is for a token, and token is "none"')
    }
  }
  if (visitor && !token.startsWith('user')) {
    problem('visitor', `is a user once signed in, and token "${token}" asks for none`)
  }
  if (grant === 'exchange' && (token === 'none' || token === 'client')) {
    problem('grant', `exchanges a user's token, and token is "${token}"`)
  }
  if (grant === 'exchange' && !resource && !audience) {
    problem('grant', 'needs a resource or an audience to exchange for')
  }
})

/** The schema of all routes: one request never has two of them. */
export const routes = z.array(route).superRefine((given, context) => {
  for (const { index, other, methods } of ambiguousRoutes(given)) {
    const before = `"${given[other]?.match}" (routes[${other}])`
    const message = `matches the same requests as ${before}: ${methods.join(', ')}`
    context.addIssue({ code: 'custom', path: [index, 'match'], message })
  }
})
