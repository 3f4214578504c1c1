import type { SessionEndReason, UserResponse } from '@sallyport/core/contract'
import { expiresInClaim } from './wire.ts'

/** What a page knows about who is signed in. */
export interface Session {
  /** The claims by name, with the `bff:` facts about the session. */
  claims: Record<string, unknown>
  /** The `sub` claim: who it is, at this issuer, for good. */
  subject: string
  /** The `name` claim, for display. */
  name: string | undefined
  /** When the session ends if nothing more is asked. Requests move it. */
  expiresAt: Date
}

/** What a store shows: one object for as long as nothing changes. */
export type SessionState =
  /** Not asked yet, or being asked again after a return from the back/forward cache. */
  | { status: 'loading' }
  | { status: 'signed_in'; session: Session }
  /** `ended`: this page had a session, and it was not this page that signed out; `reason`: if known. */
  | { status: 'signed_out'; ended: boolean; reason: SessionEndReason | undefined }
  /** Nobody can say: the question was not answered. Ask again with `session()`. */
  | { status: 'failed'; error: unknown }

/** How to ask for the session. */
export interface SessionOptions {
  /**
   * Whether asking counts as activity, which keeps the session alive.
   *
   * @defaultValue true
   */
  slide?: boolean
  /** Why it may be over: what its end is put down to if nobody is signed in any more. */
  reason?: SessionEndReason | undefined
}

/** Reads the body of `GET /bff/user`. */
export function parseSession(response: UserResponse, nowMs: number): Session {
  const claims = Object.fromEntries(response.map(({ type, value }) => [type, value]))
  const { sub, name, [expiresInClaim]: expiresIn } = claims
  if (typeof sub !== 'string' || typeof expiresIn !== 'number') throw new Error('not a session')
  return {
    claims,
    subject: sub,
    name: typeof name === 'string' ? name : undefined,
    expiresAt: new Date(nowMs + expiresIn * 1000),
  }
}
