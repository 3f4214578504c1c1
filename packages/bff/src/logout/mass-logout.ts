import type { Clock, EpochSeconds } from '@sallyport/core'
import { type SessionFilter, type SessionRecord, toSessionId } from '@sallyport/session'
import type { Logger } from '@sallyport/telemetry'
import { samePerson } from '../sessions/at-rest.ts'
import type { EndReason, Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { type EndingParts, endWithTokens } from './end-with-tokens.ts'
import type { Revocations } from './revocations.ts'

/** Ends many sessions at once, and revokes the tokens of all that can be opened here. */
export interface MassLogout {
  /** As `Sessions.endAll`. @param until only those that had begun by then. @defaultValue now */
  all(filter: SessionFilter, reason: EndReason, until?: EpochSeconds): Promise<number | undefined>
  /** As `Sessions.endOthers`. */
  others(session: Session): Promise<number | undefined>
  /**
   * Only those that lie in the store and can be opened by this frontend.
   *
   * @param id only the one of this id.
   * @returns how many.
   */
  readable(filter: SessionFilter, id?: string): Promise<number>
}

export interface MassLogoutOptions {
  config: { frontend: string }
  sessions: Pick<Sessions, 'endAll' | 'endOthers'>
  /** Those of them that lie in the store: all, or those of apps. */
  stored: Pick<Sessions, 'atRest' | 'end'>
  revocations: Pick<Revocations, 'plan' | 'start'>
  clock: Clock
  log: Logger
}

/** Which of those that match. */
interface Sweep {
  readonly reason: EndReason
  isMeant(record: SessionRecord): boolean
}

/** For so many sessions the issuer is asked at once; what is left is done bit by bit. */
const mostPrompt = 20

const failure = { event: 'token_revocation_failed' }

/**
 * Creates it. A session ends whether or not its tokens can be written down to be revoked, and
 * nothing waits for the issuer.
 */
export function createMassLogout(options: MassLogoutOptions): MassLogout {
  const { config, sessions, stored, revocations, clock, log } = options
  const parts: EndingParts = { sessions: stored, revocations, clock }

  async function sweep(filter: SessionFilter, { reason, isMeant }: Sweep): Promise<number> {
    const { atRest } = stored
    const { frontend = config.frontend } = filter
    if (!atRest || frontend !== config.frontend) return 0
    let begun = 0
    let ended = 0
    const endOne = async (session: Session) => {
      begun += 1
      if (await endWithTokens(session, { reason, isPrompt: begun <= mostPrompt }, parts)) ended += 1
    }
    try {
      for await (const page of atRest.pages({ ...filter, frontend })) {
        const opened = page.filter(isMeant).flatMap((record) => atRest.open(record) ?? [])
        const results = await Promise.allSettled(opened.map(endOne))
        const failed = results.find((result) => result.status === 'rejected')
        // What comes next ends them all the same, or fails by itself.
        if (failed) log.error({ ...failure, error: failed.reason }, 'tokens may stay unrevoked')
      }
    } catch (error) {
      log.error({ ...failure, error }, 'tokens may stay unrevoked')
    }
    return ended
  }

  return {
    all(filter, reason, until) {
      const isMeant = ({ createdAt }: SessionRecord) => until === undefined || createdAt <= until
      return sessions.endAll(filter, reason, {
        until,
        first: () => sweep(filter, { reason, isMeant }),
      })
    },

    others(session) {
      const { record } = session
      const isMeant = ({ key }: SessionRecord) => key !== record.key
      const first = () => sweep(samePerson(record), { reason: 'revoked', isMeant })
      return sessions.endOthers(session, { first })
    },

    readable(filter, id) {
      const isMeant = ({ key }: SessionRecord) => id === undefined || toSessionId(key) === id
      return sweep(filter, { reason: 'revoked', isMeant })
    },
  }
}
