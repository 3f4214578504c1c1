import type { LogoutConfig, LogoutShape } from '../options/logout-options.ts'
import type { BffConfig } from '../options.ts'
import type { Session } from '../sessions/session.ts'

/** What the issuer's metadata says about its sessions. */
export interface SignOutMetadata {
  readonly endSessionEndpoint?: string | undefined
  readonly authorizationEndpoint?: string | undefined
  readonly promptValues?: readonly string[] | undefined
}

/** What tells the issuer whose session is to end. */
export interface LogoutHint {
  readonly idToken?: string | undefined
  readonly logoutHint?: string | undefined
}

type Parties = Pick<BffConfig, 'issuer' | 'clientId' | 'logout'>

const entraHosts = new Set([
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
])
const cognitoHost = /^cognito-idp\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/

/** What to keep of a session to end the issuer's with. */
export function toLogoutHint(session: Session, { issuer, logout }: Parties): LogoutHint {
  const { idToken, claims } = session.content
  const { hint = entraHosts.has(issuer.hostname) ? 'login_hint' : 'id_token' } = logout
  if (hint === 'id_token') return { idToken }
  const logoutHint = claims[hint]
  return typeof logoutHint === 'string' ? { logoutHint } : { idToken }
}

/**
 * Where a browser ends the issuer's session; `undefined` when the issuer has no such place.
 *
 * @param home where it is sent afterwards.
 * @see {@link https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout RP-Initiated Logout 1.0, section 2}
 */
export function toLogoutUrl(
  hint: LogoutHint,
  home: URL,
  { metadata, ...parties }: Parties & { metadata: SignOutMetadata },
): URL | undefined {
  const shape = shapeOf(parties, metadata)
  const url = endpointOf(shape, parties, metadata)
  if (!url) return undefined
  const { idToken, logoutHint } = hint
  const parameters = shapes[shape]({ clientId: parties.clientId, home: home.href })
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  if (shape === 'oidc' && idToken) url.searchParams.set('id_token_hint', idToken)
  if (shape === 'oidc' && logoutHint) url.searchParams.set('logout_hint', logoutHint)
  return url
}

interface Place {
  clientId: string
  home: string
}

/**
 * @see {@link https://auth0.com/docs/api/authentication/logout/auth0-logout Auth0, /v2/logout}
 * @see {@link https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html Amazon Cognito, /logout}
 */
const shapes: Record<LogoutShape, (place: Place) => Record<string, string>> = {
  oidc: ({ clientId, home }) => ({ client_id: clientId, post_logout_redirect_uri: home }),
  auth0: ({ clientId, home }) => ({ client_id: clientId, returnTo: home }),
  cognito: ({ clientId, home }) => ({ client_id: clientId, logout_uri: home }),
  local: () => ({}),
}

function shapeOf({ issuer, logout }: Parties, metadata: SignOutMetadata): LogoutShape {
  if (logout.shape) return logout.shape
  if (cognitoHost.test(issuer.hostname)) return 'cognito'
  if (logout.endpoint ?? metadata.endSessionEndpoint) return 'oidc'
  return issuer.hostname.endsWith('.auth0.com') ? 'auth0' : 'local'
}

function endpointOf(
  shape: LogoutShape,
  { issuer, logout }: { issuer: URL; logout: LogoutConfig },
  { endSessionEndpoint, authorizationEndpoint }: SignOutMetadata,
): URL | undefined {
  if (shape === 'local') return undefined
  if (logout.endpoint) return new URL(logout.endpoint)
  if (shape === 'auth0') return new URL('/v2/logout', issuer)
  if (endSessionEndpoint) return new URL(endSessionEndpoint)
  // Cognito's pages are at the domain of the pool, which the issuer's name does not tell.
  const isKnown = shape === 'cognito' && authorizationEndpoint !== undefined
  return isKnown ? new URL('/logout', authorizationEndpoint) : undefined
}

/**
 * The `prompt` with which an issuer whose session may live on asks the person who signs in. Every
 * conforming issuer knows `login`; Google knows the other one only.
 *
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest OpenID Connect Core 1.0, section 3.1.2.1}
 */
export function askingPrompt(issuer: URL, { promptValues }: SignOutMetadata): string {
  const canSelect = promptValues?.includes('select_account')
  const { hostname } = issuer
  return (canSelect ?? hostname === 'accounts.google.com') ? 'select_account' : 'login'
}
