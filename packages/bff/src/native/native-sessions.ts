import { createSecret, SallyportError, sha256 } from '@sallyport/core'
import { assertProof, type ProofContext } from '@sallyport/core/access-token'
import { nativePaths } from '@sallyport/core/contract'
import type { DpopNonces } from '@sallyport/core/dpop'
import type { Awaitable, SessionKey } from '@sallyport/session'
import { chain } from '../awaitable.ts'
import type { RouteConfig } from '../options/route-options.ts'
import type { BffConfig } from '../options.ts'
import type { Session } from '../sessions/session.ts'
import type { SessionPlace } from '../sessions/sessions.ts'
import type { StoredSessions } from '../sessions/stored-sessions.ts'
import type { AccessTokens } from '../tokens/access-tokens.ts'
import type { Admission, PresentedCaller } from '../tokens/bearer-callers.ts'
import { proofRules } from '../tokens/proof-rules.ts'
import { toTokenRequest } from '../tokens/token-request.ts'
import type { Codes, PendingSignIn } from './codes.ts'
import type { UnclaimedGrants } from './unclaimed-grants.ts'

/**
 * Sessions of apps: in the store in either mode, opened by a token of ours together with the proof
 * of a key.
 */
export interface NativeSessions {
  /** The sessions themselves; cookies name none of them. */
  readonly sessions: StoredSessions
  readonly codes: Codes
  readonly unclaimed: UnclaimedGrants
  /** Remembers the proofs that were used. */
  readonly replays: ProofContext['replays']
  /**
   * Starts one under a new token.
   *
   * @throws `ERR_CALLBACK_REJECTED` when the sign-in was ended meanwhile.
   */
  start(signIn: PendingSignIn, sessionToken: string): Promise<Session>
  /** The live session of a token. Whoever lets somebody act in it must see a proof first. */
  open(sessionToken: string): Awaitable<Session | undefined>
  /** As `BearerCallers.admit`; counts as activity. */
  admit(caller: PresentedCaller, route: RouteConfig): Promise<Admission>
}

/** What they are made of. */
export interface NativeSessionsOptions extends ProofContext {
  config: Pick<BffConfig, 'publicUrl' | 'nativeApps'>
  sessions: StoredSessions
  accessTokens: AccessTokens
  codes: Codes
  unclaimed: UnclaimedGrants
  nonces: DpopNonces | undefined
}

const tokenPattern = /^[\w-]{43}$/

export function createNativeSessions(options: NativeSessionsOptions): NativeSessions {
  const { config, sessions, accessTokens, codes, unclaimed, clock, replays, nonces } = options
  const rules = proofRules(config.publicUrl, nonces)
  const findApp = (clientId: string | undefined) =>
    config.nativeApps.find((app) => app.clientId === clientId)

  function open(sessionToken: string): Awaitable<Session | undefined> {
    if (!tokenPattern.test(sessionToken)) return undefined
    return chain(sessions.openPlace(toNativePlace(sessionToken)), (session) =>
      session && findApp(session.content.native?.clientId) ? session : undefined,
    )
  }

  return {
    sessions,
    codes,
    unclaimed,
    replays,
    open,

    start({ request: { clientId, jkt }, start }, sessionToken) {
      const place = toNativePlace(sessionToken)
      const device = findApp(clientId)?.name
      const content = { ...start.content, native: { clientId, jkt } }
      return sessions.create({ ...start, content, place, ...(device !== undefined && { device }) })
    },

    async admit({ request, scheme, accessToken }, route) {
      if (scheme !== 'DPoP') throw invalid('a session token is presented with a proof')
      const session = await open(accessToken)
      const jkt = session?.content.native?.jkt
      if (!session || jkt === undefined) throw invalid('it opens no live session')
      await assertProof({ request, accessToken, jkt }, rules, { clock, replays })
      sessions.slide(session)
      const token = await accessTokens.forSession(session, toTokenRequest(route))
      const { claims, dpopKey } = session.content
      const { authTime, createdAt } = session.record
      return {
        upstreamToken: { token, dpopKey },
        signIn: { acr: claims.acr, authTime, createdAt },
        loginPath: nativePaths.login,
      }
    },
  }
}

/**
 * Where the session of a token is; the token itself is the half of its key that the server lacks. No
 * cookie's value hashes to it: the prefix is none that a cookie may have.
 */
export function toNativePlace(sessionToken: string): SessionPlace {
  const key = sha256(`native:${sessionToken}`) as SessionKey
  return { key, splitSecret: createSecret(sessionToken) }
}

function invalid(reason: string): SallyportError {
  return new SallyportError('ERR_TOKEN_INVALID', `session token rejected: ${reason}`)
}
