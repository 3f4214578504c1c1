/**
 * What a browser sees of a BFF: paths, the anti-forgery header, JSON shapes, problem types.
 * Both sides import it, so neither can drift. Nothing here needs Node.
 *
 * @module
 */

/** The endpoints a BFF answers itself. The names are Duende BFF's, so existing frontends fit. */
export const paths = {
  login: '/bff/login',
  callback: '/bff/callback',
  user: '/bff/user',
  logout: '/bff/logout',
  events: '/bff/events',
} as const

/** Endpoints that no page calls; apart, so that they add nothing to what browsers load. */
export const issuerPaths = {
  /** For the issuer, not for browsers. */
  backchannel: '/bff/backchannel',
  /** For a frame in the issuer's pages. */
  frontchannel: '/bff/frontchannel',
  /** For a transmitter of security events, not for browsers. */
  signals: '/bff/signals',
} as const

/** Endpoints for native apps (RFC 8252), which load nothing of ours. */
export const nativePaths = {
  /** The authorization endpoint, for the system's browser. */
  login: '/bff/native/login',
  /** The token endpoint, for the app itself. */
  token: '/bff/native/token',
  /** The revocation endpoint, for the app itself. */
  revoke: '/bff/native/revoke',
} as const

/** Endpoints of features that a client loads apart. */
export const featurePaths = {
  /** For a hidden frame of the application's: signs in if nobody has to be asked. */
  silentLogin: '/bff/silent-login',
  /** The user's own sessions, and below it one of them by its id. */
  sessions: '/bff/sessions',
} as const

/**
 * The header each request with the session cookie must carry: a page of another origin cannot
 * send it without a CORS preflight, which is refused to all but allowed origins.
 */
export const csrfHeader = { name: 'x-csrf', value: '1' } as const

/** One claim about the signed-in user, or one fact about the session (`bff:` prefix). */
export interface UserClaim {
  type: string
  value: unknown
}

/** Body of `GET /bff/user`: a claim name can occur once only, arrays stay arrays. */
export type UserResponse = UserClaim[]

/** The `bff:` facts in a {@link UserResponse}. */
export const sessionClaims = {
  /** Where to send the person to sign out: a path with the `sid` that proves intent. */
  logoutUrl: 'bff:logout_url',
  /** Whole seconds until the session ends if nothing more is asked. */
  expiresIn: 'bff:session_expires_in',
} as const

/**
 * What `GET /bff/events` tells, as server-sent events: the event's name is the `type`, its data the
 * rest as JSON.
 */
export type SessionEvent =
  /** The session ends soon if nothing more is asked. Seconds. */
  | { type: 'expiring'; expiresIn: number }
  /** It goes on until later, or its claims are others than before. The first event may be one. */
  | { type: 'refreshed'; expiresIn: number; claimsChanged: boolean }
  /** It is over, and the stream as well. */
  | { type: 'ended'; reason: SessionEndReason }

/** Why a session ended. More reasons may come: treat one that you do not know as an end. */
export type SessionEndReason =
  | 'logout'
  | 'expired'
  /** Another sign-in of this browser took its place. */
  | 'replaced'
  /** The same, at the same session of the issuer. */
  | 'repeated'
  /** The issuer no longer renews its tokens. */
  | 'refresh_rejected'
  | 'backchannel'
  | 'frontchannel'
  | 'shared_signals'
  | 'revoked'
  /** It cannot be read any more: its key or its store was changed. */
  | 'lost'

/** What the frame of {@link featurePaths.silentLogin} posts to the page around it, of its own origin. */
export interface SilentLoginMessage {
  source: 'bff-silent-login'
  isLoggedIn: boolean
}

/** One of the user's own sessions. Times are seconds since the epoch. */
export interface OwnSession {
  /** Names it to `DELETE /bff/sessions/{id}`; opens nothing. */
  id: string
  /** Whether it is the one that asks. */
  isCurrent: boolean
  /** What signed in, for people to recognise. */
  device?: string
  createdAt: number
  lastSeenAt?: number
  /** When the person was last asked for credentials. */
  authTime?: number
  expiresAt: number
}

/** Body of `GET /bff/sessions`: the latest first. */
export type OwnSessionsResponse = OwnSession[]

/** Body of `DELETE /bff/sessions`, which ends all but the one that asks. */
export interface OtherSessionsResponse {
  /** How many were ended; absent where sessions live in browsers: nobody can count those. */
  ended?: number
}

/** Body of `POST /bff/logout`, and of `DELETE /bff/sessions/{id}` for the session that asks. */
export interface LogoutResponse {
  /** Where the page must navigate to end the session at the issuer too. */
  logoutUrl: string
}

/** Prefix of a problem's `type`; what follows is its stable name, such as `login_required`. */
export const problemTypePrefix = 'urn:sallyport:problem:'

/** An error answer's body, `application/problem+json` (RFC 9457). */
export interface Problem {
  /** {@link problemTypePrefix} and the stable name, e.g. `urn:sallyport:problem:login_required`. */
  type: string
  title: string
  status: number
  /** The code to look up in docs/errors.md. */
  code: string
}

/**
 * The problem `step_up_required`: an API wants a stronger or a fresher sign-in.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9470.html#section-3 RFC 9470, section 3}
 */
export interface StepUpProblem extends Problem {
  /**
   * A path of this origin to navigate to; append `&returnUrl=` to come back elsewhere than to `/`. For an
   * app with a session of the BFF's: where its authorization request goes, whose own parameters it
   * appends. Absent when it would not help: the person has signed in as the API asks, and the API
   * refuses all the same; and for apps that get their tokens elsewhere.
   */
  loginUrl?: string
  /** What the API asks for, space-separated. */
  acrValues?: string
  /** Seconds since the last sign-in that the API allows. */
  maxAge?: number
}
