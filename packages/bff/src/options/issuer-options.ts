/** Who the issuer is and how strictly the BFF deals with it. Part of `BffOptions`. */
export interface IssuerOptions {
  /** The identity provider, exactly as it names itself in `iss` (RFC 8414 section 2). */
  issuer: string
  /**
   * Where the BFF itself reaches the issuer, when that is not where browsers do: metadata, keys and
   * every call of the back channel go there, `iss` and what browsers open stay as they are. `http`
   * is for networks that are trusted like this machine.
   * @defaultValue the issuer's own URL
   */
  issuerInternalUrl?: string | undefined
  clientId: string
  /** How the BFF proves at the issuer who it is. Exactly one; a BFF is never a public client. */
  clientAuthentication: ClientPrivateKey | ClientSecret | ClientCertificate
  /**
   * Asked for at sign-in; `openid` is always among them.
   * @defaultValue ['openid', 'profile', 'email']
   */
  scopes?: string[] | undefined
  /**
   * Seconds the issuer has for one answer.
   * @defaultValue 5
   */
  issuerTimeout?: number | undefined
  /**
   * `fapi2`: refuses at the start every option, and at the first contact every issuer, that is
   * weaker than the FAPI 2.0 Security Profile wants it.
   *
   * @see {@link https://openid.net/specs/fapi-security-profile-2_0-final.html FAPI 2.0 Security Profile}
   */
  profile?: 'fapi2' | undefined
  /**
   * Whether authorization requests are pushed to the issuer, so that browsers carry a reference
   * only (RFC 9126). `auto`: when the issuer or the profile demands it.
   * @defaultValue 'auto'
   */
  pushedAuthorization?: 'auto' | 'always' | 'never' | undefined
  /**
   * Whether authorization requests are signed (RFC 9101). `auto`: when the issuer demands it.
   * @defaultValue 'auto'
   */
  requestObject?: 'auto' | 'always' | 'never' | undefined
  /**
   * Signs authorization requests.
   * @defaultValue the private key of `clientAuthentication`
   */
  requestObjectKey?: PrivateJwk | undefined
  /**
   * How the issuer answers through the browser. `query.jwt`: signed, and nothing else is taken
   * (JWT Secured Authorization Response Mode for OAuth 2.0).
   * @defaultValue 'query'
   */
  responseMode?: 'query' | 'query.jwt' | undefined
  /**
   * What access tokens are bound to, so that who steals one cannot use it. `dpop`: a key of each
   * session's own (RFC 9449). `mtls`: the client certificate (RFC 8705). A token that is not bound
   * as was asked is refused.
   * @defaultValue 'none'
   */
  senderConstraint?: 'none' | 'dpop' | 'mtls' | undefined
}

/** A private key for signatures: RSA of 2048 bits or more, EC, or Ed25519. */
export interface PrivateJwk {
  kty: string
  kid: string
  /** RS256, PS256, ES256 and their longer kin, EdDSA or Ed25519. */
  alg: string
  [member: string]: unknown
}

/** `private_key_jwt` (OpenID Connect Core 1.0 section 9). */
export interface ClientPrivateKey {
  /**
   * A private JWK with `kid` and `alg`, or several while one takes over from another: the first
   * whose `alg` the issuer knows signs.
   */
  privateKey: PrivateJwk | PrivateJwk[]
}

/** A shared secret, for issuers that know nothing better. */
export interface ClientSecret {
  /** At least 32 characters. */
  secret: string
  /** @defaultValue 'client_secret_basic' */
  method?: 'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | undefined
}

/**
 * A client certificate (RFC 8705 section 2). Calls go to the issuer's `mtls_endpoint_aliases` where
 * it names some.
 */
export interface ClientCertificate {
  /** PEM; with the intermediates, if there are any, after it. */
  certificate: string
  /** The certificate's private key, PEM. */
  key: string
  /** @defaultValue 'tls_client_auth' */
  method?: 'tls_client_auth' | 'self_signed_tls_client_auth' | undefined
}

/** {@link IssuerOptions}, complete. */
export interface IssuerConfig {
  readonly issuer: URL
  readonly issuerInternalUrl?: URL | undefined
  readonly clientId: string
  readonly clientAuthentication: ClientAuthenticationConfig
  readonly scopes: readonly string[]
  readonly issuerTimeout: number
  readonly profile?: 'fapi2' | undefined
  readonly pushedAuthorization: 'auto' | 'always' | 'never'
  readonly requestObject: 'auto' | 'always' | 'never'
  readonly requestObjectKey?: PrivateJwk | undefined
  readonly responseMode: 'query' | 'query.jwt'
  readonly senderConstraint: 'none' | 'dpop' | 'mtls'
}

export type ClientAuthenticationConfig =
  | { readonly privateKey: readonly PrivateJwk[] }
  | { readonly secret: string; readonly method: NonNullable<ClientSecret['method']> }
  | {
      readonly certificate: string
      readonly key: string
      readonly method: NonNullable<ClientCertificate['method']>
    }
