/** A visitor on the way through a sign-in. */
export interface ComingVisitor {
  readonly id: string
  /** Whose it is already: it came out of a session. */
  readonly subject?: string | undefined
}
