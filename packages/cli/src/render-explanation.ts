import type {
  CallerExplanation,
  Explanation,
  HeadersExplanation,
  OtherRoute,
  Outcome,
  RouteOutcome,
  TokenExplanation,
} from '@sallyport/bff'
import { errorCatalogue } from '@sallyport/core'

/** What the gateway serves where no route is. */
export interface WebFiles {
  readonly folder: string | undefined
  readonly methods: readonly string[]
}

/** An explanation for people. */
export function renderExplanation(explanation: Explanation, files: WebFiles): string {
  const { method, host, target, frontend, outcome, others } = explanation
  return [
    `${method} ${target} at ${host}`,
    ...(frontend === undefined ? [] : [line('frontend', frontend)]),
    ...renderOutcome(outcome, method, files),
    ...(others.length > 0 ? ['other routes', ...others.map(renderOther)] : []),
  ].join('\n')
}

function renderOutcome(outcome: Outcome, method: string, files: WebFiles): string[] {
  switch (outcome.kind) {
    case 'refused':
      return [
        line('answer', `${outcome.status} ${outcome.code}: ${outcome.title}`),
        line('why', outcome.why),
      ]
    case 'tenant':
      return [
        line('frontend', 'one that is looked up when it is asked for, which is not done here'),
      ]
    case 'endpoint':
      return [
        line('endpoint', `${method} ${outcome.path} of the BFF itself`),
        line('takes', outcome.csrf),
      ]
    case 'pass':
      return [line('route', 'none'), line('answer', describeFiles(method, files))]
    default:
      return renderRoute(outcome)
  }
}

function describeFiles(method: string, { folder, methods }: WebFiles): string {
  const problem = (code: 'ERR_METHOD_NOT_ALLOWED' | 'ERR_ROUTE_NOT_FOUND') =>
    `${errorCatalogue[code].status} ${code}`
  if (folder === undefined) return `${problem('ERR_ROUTE_NOT_FOUND')}: there is no webFolder`
  if (!methods.includes(method)) {
    return `${problem('ERR_METHOD_NOT_ALLOWED')}: files are for ${methods.join(', ')}`
  }
  return `a file of ${folder}, or its index.html to who opens a page; else ${problem('ERR_ROUTE_NOT_FOUND')}`
}

function renderRoute(route: RouteOutcome): string[] {
  const { match, index, methods, upstream, cors, limits, response } = route
  const origins = cors.origins.length > 0 ? cors.origins.join(' ') : 'none'
  return [
    line('route', `${match} (routes[${index}]), for ${methods.join(', ')}`),
    line('upstream', upstream),
    'callers',
    ...route.callers.flatMap(renderCaller),
    'request headers',
    ...renderHeaders(route.request),
    'response headers',
    ...renderHeaders(response),
    line('cache', response.cache === 'none' ? 'kept by nobody' : 'as the upstream says'),
    line(
      'cookies',
      response.cookies.length > 0 ? response.cookies.join(' ') : 'none of the upstream',
    ),
    line('redirects', ['mapped by the routes', ...response.redirectOrigins].join(', ')),
    line('CORS', origins === 'none' ? origins : `${origins}, for ${cors.methods.join(', ')}`),
    line('limits', `an answer begins within ${limits.timeout} s`),
  ]
}

const callers: Readonly<Record<CallerExplanation['caller'], string>> = {
  session: 'a page, signed in',
  visitor: 'a page, signed out',
  bearer: 'an app with an access token',
  native: 'an app with a session',
}

function renderCaller({ caller, needs, token, refused }: CallerExplanation): string[] {
  const outcome = refused ? `refused: ${refused.status} ${refused.code}` : describeToken(token)
  return [`  ${callers[caller]}`, line('  needs', needs.join('; ')), line('  token', outcome)]
}

const grants: Readonly<Record<NonNullable<TokenExplanation['grant']>, string>> = {
  session: 'as it came with the sign-in',
  refresh: 'asked for with the refresh token',
  exchange: 'exchanged (RFC 8693)',
  client_credentials: 'by client credentials',
}

function describeToken(token: TokenExplanation | undefined): string {
  if (!token || token.kind === 'none') return 'none'
  const { kind, grant, resource, audience, scopes } = token
  return [
    `${kind === 'user' ? 'the user’s' : 'the BFF’s own'}${grant ? `, ${grants[grant]}` : ''}`,
    ...(resource === undefined ? [] : [`resource ${resource}`]),
    ...(audience === undefined ? [] : [`audience ${audience}`]),
    ...(scopes === undefined ? [] : [`scopes ${scopes.join(' ')}`]),
  ].join('; ')
}

function renderHeaders({ set, removed, policy }: HeadersExplanation): string[] {
  return [
    ...set.map(({ name, value }) => line('  set', `${name}: ${value}`)),
    ...(removed.length > 0 ? [line('  removed', removed.join(' '))] : []),
    ...policy
      .filter(({ fate }) => fate !== 'set')
      .map(({ fate, names, why }) => line(`  ${fate}`, `${names.join(' ')}: ${why}`)),
  ]
}

function renderOther({ match, index, methods, why }: OtherRoute): string {
  return `  ${match} (routes[${index}]), for ${methods.join(', ')}: ${why}`
}

function line(name: string, value: string): string {
  return `${name.padEnd(11)} ${value}`
}
