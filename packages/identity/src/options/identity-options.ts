import type { Telemetry } from '@sallyport/telemetry'
import type { JWK } from 'jose'
import type { ClientAuthentication } from './client-authentication.ts'

/** What an identity server is made of. Checked strictly at start: see `parseIdentityOptions`. */
export interface IdentityOptions {
  /**
   * Issuer identifier, an origin such as `https://id.example.com`: no path, no trailing slash.
   * `http` is accepted for loopback hosts only.
   */
  issuer: string
  /**
   * Where programs inside reach the server, when that is not where browsers do: an origin such as
   * `http://identity:3001`. What programs ask is answered there too, pages are not; what the server
   * says of itself, `iss` and all URLs, is the issuer's in either case.
   *
   * @defaultValue none: it answers to the issuer's host alone
   */
  internalUrl?: string
  /** Folder of the LMDB environment: accounts, sessions, tokens, keys. Made with mode 0700. */
  dataDir: string
  clients: IdentityClientOptions[]
  resources: ResourceOptions[]
  /** Accounts to have. Others that are stored already stay as they are. */
  accounts: AccountOptions[]
  /**
   * Origins with private or loopback addresses that back-channel logout may reach. Calls to any
   * other such address are refused.
   *
   * @defaultValue none
   */
  allowedPrivateOrigins?: string[]
  /**
   * Takes a DPoP proof only with a nonce of this server (RFC 9449 section 8), so that a proof made
   * in advance is of no use. Clients ask once more when they are told a nonce.
   *
   * @defaultValue false: a proof without a nonce counts if it was made within the last five minutes
   */
  requireDpopNonce?: boolean
  lifetimes?: LifetimeOptions
  /** @defaultValue a log of JSON lines on standard output, service `identity` */
  telemetry?: Telemetry
}

/** The grants a client may use; the codes are RFC 6749's and RFC 8693's. */
export type GrantType =
  | 'authorization_code'
  | 'refresh_token'
  | 'client_credentials'
  | 'urn:ietf:params:oauth:grant-type:token-exchange'

/** How an authorization response comes back; with `jwt` it is signed (JARM). */
export type ResponseMode =
  | 'query'
  | 'form_post'
  | 'fragment'
  | 'jwt'
  | 'query.jwt'
  | 'form_post.jwt'

/**
 * One OAuth client. It is public with the authentication method `none`, which is the default
 * without {@link IdentityClientOptions.jwks}, and confidential with any other.
 */
export interface IdentityClientOptions {
  clientId: string
  /** What people read on the pages. */
  name: string
  /** `https`, or `http` with a loopback host. Compared as written. */
  redirectUris: string[]
  /** Where a sign-out may lead. Same rules as redirect URIs. */
  postLogoutRedirectUris: string[]
  /**
   * Public keys of the client: of its assertions (RFC 7523), of its request objects (RFC 9101), and
   * with `x5c` of its certificates (RFC 8705).
   */
  jwks?: { keys: JWK[] }
  /**
   * How the client authenticates. A public client gets no client credentials and no token exchange,
   * and its refresh tokens rotate at each use.
   *
   * @defaultValue `private_key_jwt` with {@link IdentityClientOptions.jwks}, `none` without
   */
  clientAuthentication?: ClientAuthentication
  /**
   * Gives access tokens only with a DPoP proof, bound to its key (RFC 9449). A client that sends
   * proofs of its own accord gets bound tokens in any case.
   *
   * @defaultValue false
   */
  dpopBoundAccessTokens?: boolean
  /**
   * Binds access tokens to the certificate of the client's connection (RFC 8705 section 3). Needs a
   * listener on `node:https` with `requestCert`: a certificate in a header is never believed.
   *
   * @defaultValue false
   */
  tlsBoundAccessTokens?: boolean
  /**
   * Refuses authorization requests that were not pushed (RFC 9126).
   *
   * @defaultValue false: they may be pushed
   */
  requirePushedAuthorizationRequests?: boolean
  /**
   * Refuses authorization requests that are not signed with one of the client's keys (RFC 9101).
   *
   * @defaultValue false
   */
  requireSignedRequestObject?: boolean
  /**
   * The response modes it may ask for. With signed ones alone, the client asks for `jwt` or its
   * like or gets no code.
   *
   * @defaultValue ['query', 'form_post', 'fragment']
   */
  responseModes?: ResponseMode[]
  grantTypes: GrantType[]
  /** Scopes it may ask for: `openid`, `profile`, `email`, `offline_access` and the resources'. */
  scopes: string[]
  /** Identifiers of the resources it may ask access tokens for. */
  resources: string[]
  /**
   * `always`: each refresh gives a new refresh token. `default`: a confidential client's is
   * replaced when 70 % of its life is over, a public client's always.
   *
   * @defaultValue 'default'
   */
  rotateRefreshToken?: 'always' | 'default'
  /** `implicit`: a first-party application, nobody is asked. `required`: the person is asked. */
  consent: 'implicit' | 'required'
  /** Lets the client exchange a person's access token for one of the next API (RFC 8693). */
  tokenExchange?: TokenExchangeOptions
  /** Where logout tokens are posted (OpenID Connect Back-Channel Logout). */
  backchannelLogoutUri?: string
  /**
   * Takes a `logout_hint` that is the `sid` of the person's session at this client for an ID token
   * hint, and asks no question: no other site knows it. Keeps ID tokens out of URLs.
   *
   * @defaultValue false: without an ID token hint the person is asked, as the standard wants it
   */
  trustsLogoutHint?: boolean
  /**
   * Where "start again" links of stale pages lead.
   *
   * @defaultValue the origin of the first redirect URI
   */
  initiateLoginUri?: string
}

/** What a client may exchange. */
export interface TokenExchangeOptions {
  /** The subject token's audience must be one of these: the resources this client serves. */
  subjectAudiences: string[]
  /** Resources it may get a token for. */
  resources: string[]
  /**
   * Takes subject tokens that are bound to a key or a certificate too: this client says that it
   * has verified who presented them. What it gets is not bound to that key.
   *
   * @defaultValue false
   */
  boundSubjectTokens?: boolean
}

/** A protected resource: an API. Its access tokens are JWTs (RFC 9068). */
export interface ResourceOptions {
  /** Absolute URI (RFC 8707); the audience of its access tokens. */
  identifier: string
  scopes: string[]
  /** Seconds. @defaultValue `lifetimes.accessToken` */
  accessTokenTtl?: number
}

/** A seed account. The password is stored as an argon2id hash only. */
export interface AccountOptions {
  username: string
  password: string
  name: string
  email: string
}

/** Lifetimes, in seconds. */
export interface LifetimeOptions {
  /** @defaultValue 300 */
  accessToken?: number
  /** @defaultValue 60 */
  authorizationCode?: number
  /** @defaultValue 300 */
  idToken?: number
  /** How long a sign-in page stays usable. @defaultValue 3600 */
  interaction?: number
  /** @defaultValue 43200 (12 hours); never longer than the session without `offline_access` */
  refreshToken?: number
  /**
   * A refresh token that was replaced is answered for so long with the one that replaced it, for
   * requests that run at once and for answers that get lost. After that its use is taken for theft:
   * all tokens of that sign-in are revoked (RFC 9700 section 4.14.2).
   *
   * @defaultValue 10; 0: never
   */
  refreshTokenGrace?: number
  /** The session at this server, from its last sign-in or authorization. @defaultValue 43200 */
  session?: number
}
