/** How to sign in. All but {@link LoginOptions.returnUrl} goes on to the issuer. */
export interface LoginOptions {
  /**
   * The page to come back to: a path of this origin.
   *
   * @defaultValue the current page
   */
  returnUrl?: string | undefined
  /** `login`, `consent`, `select_account`, space-separated; `create` for a new account; or `none`. */
  prompt?: string | undefined
  /** Who is about to sign in: what they would enter first, an address say. */
  loginHint?: string | undefined
  /** Ways of signing in, space-separated, of which one is needed. */
  acrValues?: string | undefined
  /** Seconds since the person was last asked for credentials; if it is longer they are asked again. */
  maxAge?: number | undefined
  /** Languages for the issuer's pages, best first, space-separated. */
  uiLocales?: string | undefined
}

/**
 * The query of `/bff/login`, in the issuer's own parameter names.
 *
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest OpenID Connect Core 1.0, section 3.1.2.1}
 */
export function toLoginQuery(
  { pathname, search, hash }: Pick<Location, 'pathname' | 'search' | 'hash'>,
  { returnUrl, ...parameters }: LoginOptions = {},
): string {
  const query = new URLSearchParams({ returnUrl: returnUrl ?? pathname + search + hash })
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name.replace(/[A-Z]/, '_$&').toLowerCase(), `${value}`)
  }
  return `${query}`
}
