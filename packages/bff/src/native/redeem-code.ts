import { randomToken, sha256 } from '@sallyport/core'
import type { BffContext } from '../context.ts'
import { endSession } from '../endpoints/logout.ts'
import type { Session } from '../sessions/session.ts'
import type { CodeState, PendingSignIn } from './codes.ts'
import { type NativeSessions, toNativePlace } from './native-sessions.ts'

/** What an app brings for a code. */
export interface Redemption {
  readonly code: string
  readonly clientId: string
  readonly redirectUri: string
  readonly codeVerifier: string
  /** Thumbprint of the key that it has just proven to have. */
  readonly jkt: string
}

/** An app's session, and the token that opens it together with a proof. */
export interface RedeemedSession {
  readonly sessionToken: string
  readonly session: Session
}

type NativeContext = BffContext & { readonly native: NativeSessions }

/**
 * Starts the session that a code stands for. A code that comes a second time ends what it gave:
 * one of the two who have it has stolen it.
 *
 * @returns `undefined` for a code that is not good, or not for who brings it.
 * @throws `ERR_CALLBACK_REJECTED` when the sign-in was ended meanwhile.
 * @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2 RFC 6749, section 4.1.2}
 */
export async function redeemCode(
  redemption: Redemption,
  context: NativeContext,
): Promise<RedeemedSession | undefined> {
  const { codes } = context.native
  const state = await codes.read(redemption.code)
  if (!state) return undefined
  if (state.kind === 'spent') return endGiven(state, context)
  if (!isFor(redemption, state.signIn)) return undefined

  const sessionToken = randomToken()
  const isFirst = await codes.spend(state, sessionToken)
  if (!isFirst) return endIfSpent(redemption.code, context)
  const session = await startSession(redemption.code, state.signIn, { context, sessionToken })
  // It may have come again before there was a session to end.
  const latest = await codes.read(redemption.code)
  if (latest?.kind === 'spent' && latest.isRepeated) return endGiven(latest, context)
  return { sessionToken, session }
}

/** @see {@link https://www.rfc-editor.org/rfc/rfc7636.html#section-4.6 RFC 7636, section 4.6} */
function isFor(redemption: Redemption, { request }: PendingSignIn): boolean {
  const { clientId, redirectUri, codeVerifier, jkt } = redemption
  return (
    request.clientId === clientId &&
    request.redirectUri === redirectUri &&
    request.codeChallenge === sha256(codeVerifier) &&
    request.jkt === jkt
  )
}

async function startSession(
  code: string,
  signIn: PendingSignIn,
  { context, sessionToken }: { context: NativeContext; sessionToken: string },
): Promise<Session> {
  const { native } = context
  await native.unclaimed.claim(code)
  try {
    return await native.start(signIn, sessionToken)
  } catch (error) {
    native.unclaimed.revoke(code, signIn.start.content)
    throw error
  }
}

/** Somebody was first: then this is the code's second time. */
async function endIfSpent(code: string, context: NativeContext): Promise<undefined> {
  const state = await context.native.codes.read(code)
  if (state?.kind === 'spent') await endGiven(state, context)
}

async function endGiven(
  state: CodeState & { kind: 'spent' },
  context: NativeContext,
): Promise<undefined> {
  const { codes, sessions } = context.native
  context.log.warn({ event: 'native_code_replayed' }, 'a code comes again: its session ends')
  if (!state.isRepeated) await codes.spend(state, state.sessionToken)
  const session = await sessions.openPlace(toNativePlace(state.sessionToken))
  if (session) await endSession(session, { ...context, sessions }, 'revoked')
}
