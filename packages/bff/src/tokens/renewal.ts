import { setTimeout as delay } from 'node:timers/promises'
import { type Clock, errorCode, SallyportError } from '@sallyport/core'
import type { Logger } from '@sallyport/telemetry'
import { tokensOfGrant } from '../logout/revocable-tokens.ts'
import type { Revocations } from '../logout/revocations.ts'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { TokenGrant } from '../oidc/token-grant.ts'
import type { Session, SessionContent, StoredAccessToken } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { LeaseHold, LeaseTimes } from './lease-hold.ts'
import { type TokenRequest, tokenKey } from './token-request.ts'

/** A lease that this process holds, and what it is held for. */
export interface HeldLease {
  readonly request: TokenRequest
  readonly hold: LeaseHold
  /** What is exchanged; absent: the refresh token is used. */
  readonly subjectToken: StoredAccessToken | undefined
}

export interface RenewalOptions {
  sessions: Sessions
  oidc: OidcClient
  clock: Clock
  log: Logger
  times: LeaseTimes
  revocations: Pick<Revocations, 'plan' | 'start'>
  /**
   * Milliseconds that no step of the machine's clock changes.
   * @defaultValue performance.now
   */
  elapsedMs?: () => number
  /**
   * Lets time pass.
   * @defaultValue timers of the machine
   */
  wait?: (ms: number) => Promise<unknown>
}

/** How time is told, and passes, where the clock does not matter. */
export function timersOf({ elapsedMs, wait }: Pick<RenewalOptions, 'elapsedMs' | 'wait'>) {
  return { elapsedMs: elapsedMs ?? (() => performance.now()), wait: wait ?? delay }
}

/** Milliseconds between two attempts to write down what the issuer gave. */
const pauseBeforeRetryMs = 250

/**
 * Gets a new access token under a lease and writes it down.
 *
 * @returns the token; `undefined` when the lease was lost meanwhile: look again what there is.
 */
export type Renew = (session: Session, held: HeldLease) => Promise<StoredAccessToken | undefined>

export function createRenew(options: RenewalOptions): Renew {
  const { sessions, oidc, clock, log, revocations } = options
  const { wait } = timersOf(options)

  async function renew(session: Session, held: HeldLease): Promise<StoredAccessToken | undefined> {
    const startedAt = clock()
    let grant: TokenGrant
    try {
      grant = await askTwice(session, held)
    } catch (error) {
      return afterFailure(session, held, error)
    }
    // From here on each attempt to write what it brought says that its holder lives.
    held.hold.stop()
    const token = toStored(grant, startedAt)
    const name = tokenKey(held.request)
    const outcome = await settleSurely(session, held, (content) => ({
      content: {
        ...content,
        ...renewed(grant, content, startedAt),
        accessTokens: { ...content.accessTokens, [name]: token },
      },
    }))
    if (outcome === 'ended') {
      await revokeLeftover(grant, held.hold.holder)
      throw ended()
    }
    // Who took the lease over has, or gets, what every request of this session is to use.
    if (outcome === 'overtaken') return undefined
    const { resource } = held.request
    log.info({ event: 'authn_token_created', resource }, 'an access token was renewed')
    return token
  }

  /** Only the issuer's word about the refresh token that is still the session's ends the session. */
  async function afterFailure(
    session: Session,
    held: HeldLease,
    error: unknown,
  ): Promise<undefined> {
    // It was not sent: a process that was paused has nothing to say about what others do meanwhile.
    if (error === unsure) {
      await settle(session, held, unchanged)
      return undefined
    }
    if (errorCode(error) !== 'ERR_LOGIN_REQUIRED') {
      log.warn({ error }, 'an access token could not be renewed')
      if ((await settle(session, held, unchanged)) === 'overtaken') return undefined
      throw error
    }
    if (held.subjectToken) {
      await settle(session, held, unchanged)
      throw new SallyportError('ERR_TOKEN_UNAVAILABLE', 'the exchange was refused', {
        cause: error,
      })
    }
    // Nobody else can have it for some seconds now: what is ended is what was refused.
    if (!(await held.hold.prolong())) return undefined
    log.info({ event: 'session_expired', reason: 'refresh_rejected' }, 'the session is over')
    await sessions.end(session, 'refresh_rejected')
    throw error
  }

  /**
   * A refresh whose answer got lost is asked for once more, at once: an issuer that rotates refresh
   * tokens gives what it gave before, if it allows that at all, for some seconds only. Not by who
   * may have lost the lease meanwhile.
   */
  async function askTwice(session: Session, held: HeldLease): Promise<TokenGrant> {
    try {
      return await ask(session, held)
    } catch (error) {
      const isTimely = isAnswerLost(error) && held.hold.share() < 0.5
      if (!isTimely || !(await held.hold.prolong().catch(() => false))) throw error
      return ask(session, held)
    }
  }

  function ask({ record, content }: Session, held: HeldLease): Promise<TokenGrant> {
    const { resource, audience, scopes } = held.request
    const { subjectToken, hold } = held
    const beforeSending = () => {
      if (!hold.isSure()) throw unsure
    }
    const wanted = { resource, audience, scopes, dpopKey: content.dpopKey, beforeSending }
    if (subjectToken) return oidc.exchange({ ...wanted, subjectToken: subjectToken.accessToken })
    const refreshToken = content.refreshToken as string
    return oidc.refresh({ ...wanted, refreshToken, subject: record.subject })
  }

  /**
   * The same while the store fails, for as long as a lease can be held: what the issuer gave in
   * exchange for the refresh token is nowhere else, and without it the session is lost.
   */
  async function settleSurely(...given: Parameters<typeof settle>): ReturnType<typeof settle> {
    for (;;) {
      try {
        return await settle(...given)
      } catch (error) {
        const isStore = errorCode(error) === 'ERR_SESSION_STORE_UNAVAILABLE'
        if (!isStore || given[1].hold.share() >= 1) throw error
        log.warn({ error }, 'renewed tokens could not be stored yet')
        await wait(pauseBeforeRetryMs)
      }
    }
  }

  /**
   * Writes the outcome and gives the lease back, unless session or lease are gone. A lease that was
   * not prolonged in time and that nobody has taken over is still its holder's: the store decides.
   */
  async function settle(
    known: Session,
    { hold: { holder } }: HeldLease,
    change: (content: SessionContent) => { content?: SessionContent },
  ): Promise<'written' | 'ended' | 'overtaken'> {
    for (;;) {
      const session = await sessions.reload(known)
      if (!session) return 'ended'
      if (session.record.lease?.holder !== holder) return 'overtaken'
      const isWritten = await sessions.update(session, {
        ...change(session.content),
        lease: undefined,
      })
      if (isWritten) return 'written'
    }
  }

  /** A sign-out overtook the renewal: what it brought must not outlive the session. */
  async function revokeLeftover(grant: TokenGrant, holder: string): Promise<void> {
    const tokens = tokensOfGrant(grant, clock())
    const planned = revocations.plan(holder, tokens)
    await planned.catch((error) => log.warn({ error }, 'a revocation could not be written down'))
    revocations.start(holder, tokens)
  }

  return renew
}

/** Thrown by who does not send, and caught here. */
const unsure = new SallyportError('ERR_TOKEN_UNAVAILABLE', 'the lease may be over')

function unchanged(): object {
  return {}
}

/** What a refresh changes of a session besides the access token. An exchange changes nothing. */
function renewed(
  { refreshToken, refreshExpiresIn, idToken }: TokenGrant,
  content: SessionContent,
  now: number,
): Partial<SessionContent> {
  return {
    idToken: idToken ?? content.idToken,
    refreshToken: refreshToken ?? content.refreshToken,
    refreshExpiresAt:
      refreshExpiresIn === undefined ? content.refreshExpiresAt : now + refreshExpiresIn,
  }
}

/** A grant's access token as it is kept. */
export function toStored(
  { accessToken, expiresIn, tokenType }: TokenGrant,
  obtainedAt: number,
): StoredAccessToken {
  return { accessToken, tokenType, obtainedAt, expiresAt: obtainedAt + expiresIn }
}

/** No answer came: the issuer may have carried the request out. A refusal or a 5xx is an answer. */
function isAnswerLost(error: unknown): boolean {
  return errorCode(error) === 'ERR_IDP_UNAVAILABLE' && (error as Error).cause !== undefined
}

/** There is no session any more that could have a token. */
export function ended(): SallyportError {
  return new SallyportError('ERR_LOGIN_REQUIRED', 'the session is over')
}
