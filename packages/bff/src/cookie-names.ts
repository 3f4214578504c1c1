/** The names of a frontend's cookies. */
export interface CookieNames {
  /**
   * Its prefix makes browsers refuse it unless Secure, HttpOnly, host-only; frontends of one host
   * differ by their base path.
   */
  readonly session: string
  /** What of a sealed session does not fit into its first cookie: `.1`, `.2`. */
  readonly sessionParts: readonly string[]
  /** With the state of the sign-in after it. */
  readonly transactionPrefix: string
  readonly visitor: string
  /** Says that the browser signed out. */
  readonly signedOut: string
  /** Without the prefix `__Host-`: it has a path. */
  readonly signOutHint: string
}

/** With the cookies of sign-ins still below the 16 KiB of headers that a server takes here. */
const mostParts = 2

/**
 * Names a frontend's cookies. A dot, which no base path has, ends what stands for the base path: so no
 * name, nor what begins with a prefix, is ever that of another frontend's cookie.
 *
 * @param basePath of lower-case letters, digits and `-`.
 */
export function cookieNames(basePath: string): CookieNames {
  const suffix = basePath.replaceAll('/', '!')
  const session = `__Host-Http-bff${suffix}`
  return {
    session,
    sessionParts: Array.from({ length: mostParts }, (_, i) => `${session}.${i + 1}`),
    transactionPrefix: `${session}.tx.`,
    visitor: `${session}.visitor`,
    signedOut: `${session}.signed-out`,
    signOutHint: `__Secure-bff${suffix}.hint`,
  }
}
