import type { Clock, CookiePair } from '@sallyport/core'
import type { DpopNonces } from '@sallyport/core/dpop'
import type { Audit, Logger } from '@sallyport/telemetry'
import type { Cookies } from './cookies.ts'
import type { RequestHead } from './decision.ts'
import type { SessionWatch } from './events/session-watch.ts'
import type { MassLogout } from './logout/mass-logout.ts'
import type { Once } from './logout/once.ts'
import type { Revocations } from './logout/revocations.ts'
import type { SignOutCookies } from './logout/sign-out-cookies.ts'
import type { LogoutTokenVerifier } from './logout-token.ts'
import type { NativeSessions } from './native/native-sessions.ts'
import type { OidcClient } from './oidc/oidc-client.ts'
import type { BffConfig } from './options.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { Signals } from './signals/signals.ts'
import type { Target } from './target.ts'
import type { AccessTokens } from './tokens/access-tokens.ts'
import type { BearerCallers } from './tokens/bearer-callers.ts'
import type { ClientTokens } from './tokens/client-tokens.ts'
import type { Credentials } from './tokens/credentials.ts'
import type { TokenRequest } from './tokens/token-request.ts'
import type { Visitors } from './visitors/visitors.ts'

/** All an endpoint may touch. Built once in create-bff.ts, replaced piece by piece in tests. */
export interface BffContext {
  readonly config: BffConfig
  readonly clock: Clock
  readonly log: Logger
  readonly audit: Audit
  readonly cookies: Cookies
  readonly signOutCookies: SignOutCookies
  readonly oidc: OidcClient
  readonly sessions: Sessions
  readonly sessionWatch: SessionWatch
  readonly visitors: Visitors
  readonly accessTokens: AccessTokens
  readonly clientTokens: ClientTokens
  readonly credentials: Credentials
  readonly verifyLogoutToken: LogoutTokenVerifier
  readonly revocations: Revocations
  readonly massLogout: MassLogout
  readonly once: Once
  /** Whose events end sessions, when that is configured. */
  readonly signals?: Signals | undefined
  /** Judges callers with access tokens of their own, when there are routes for them. */
  readonly bearer?: BearerCallers | undefined
  /** Sessions of apps, when there are such apps. */
  readonly native?: NativeSessions | undefined
  /** What apps' proofs must hold, when that is asked. */
  readonly proofNonces?: DpopNonces | undefined
  /** What the token from sign-in is good for. */
  readonly signInRequest: TokenRequest
  /** Resources that the routes need tokens for; the first is asked for with the code. */
  readonly resources: readonly string[]
  /** Starts work that no answer waits for; it is awaited when the BFF closes. */
  inBackground(work: Promise<unknown>, failure: string): void
}

/** A request, read once: its head, client, cookies, and canonical target below the frontend's base path. */
export interface BffRequest extends RequestHead {
  readonly url: Target
  /** Who asks: the peer, or whom a trusted proxy names. */
  readonly clientAddress: string
  readonly cookies: readonly CookiePair[]
}
