/** A browser that is told from others, although nobody has signed in there. */
export interface Visitor {
  readonly id: string
  /** Set-Cookie values that make the browser this visitor. */
  readonly setCookies: readonly string[]
}

/** A visitor on the way through a sign-in. */
export interface ComingVisitor {
  readonly id: string
  /** Whose it is already: it came out of a session. */
  readonly subject?: string | undefined
}

/** Who a visitor becomes. */
export interface Person {
  readonly issuer: string
  readonly subject: string
}
