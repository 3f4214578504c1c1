import type { Telemetry } from '@sallyport/telemetry'
import type { JWK } from 'jose'

/** What an identity server is made of. Checked strictly at start: see `parseIdentityOptions`. */
export interface IdentityOptions {
  /**
   * Issuer identifier, an origin such as `https://id.example.com`: no path, no trailing slash.
   * `http` is accepted for loopback hosts only.
   */
  issuer: string
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

/** One OAuth client. With {@link IdentityClientOptions.jwks} it is confidential, else public. */
export interface IdentityClientOptions {
  clientId: string
  /** What people read on the pages. */
  name: string
  /** `https`, or `http` with a loopback host. Compared as written. */
  redirectUris: string[]
  /** Where a sign-out may lead. Same rules as redirect URIs. */
  postLogoutRedirectUris: string[]
  /**
   * Public keys of a `private_key_jwt` client (RFC 7523). Without them the client is public: no
   * client credentials, no token exchange, and its refresh tokens rotate at each use.
   */
  jwks?: { keys: JWK[] }
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
  /** The session at this server, from its last sign-in or authorization. @defaultValue 43200 */
  session?: number
}
