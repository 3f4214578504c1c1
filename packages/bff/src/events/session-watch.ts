import type { Clock } from '@sallyport/core'
import type { SessionEndReason } from '@sallyport/core/contract'
import type { Logger } from '@sallyport/telemetry'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** How a session stands when it is looked at. */
export type Sighting =
  | { readonly kind: 'live'; readonly session: Session }
  | { readonly kind: 'ended'; readonly reason: SessionEndReason }
  /** It cannot be seen from here any longer: this process stops, or the browser has a newer cookie. */
  | { readonly kind: 'unseen' }

type Watcher = (sighting: Sighting) => void

/** Looks at the sessions whose event streams are open: all of them, once a second. */
export interface SessionWatch {
  /** What stands against one more stream of this session; `undefined` when nothing does. */
  problem(
    session: Session,
  ): 'ERR_EVENT_STREAMS_EXHAUSTED' | 'ERR_SESSION_STREAMS_EXCEEDED' | undefined
  /**
   * Calls back with each sighting, until the session has ended. Looking is no activity.
   *
   * @returns what stops it.
   */
  watch(session: Session, watcher: Watcher): () => void
  /** Tells all watchers, and takes no more. */
  close(): void
}

export interface SessionWatchOptions {
  sessions: Pick<Sessions, 'reload' | 'endReason'>
  /** Of sealed sessions only the browser has the latest state. */
  mode: 'stored' | 'sealed'
  clock: Clock
  log: Logger
  later(seconds: number, work: () => Promise<void>): void
  /** Watchers at once, in all. */
  most: number
}

/** Seconds between two looks at the sessions. */
const interval = 1
/** Looked at together; in between, requests get their turn. */
const batch = 100
/** One tab holds the stream for a browser; a browser opens six connections to a host at most. */
const mostOfSession = 8

/** Creates the one timer that all event streams of a process share; it stands still without any. */
export function createSessionWatch(options: SessionWatchOptions): SessionWatch {
  const { log, later, most } = options
  const watched = new Map<Watcher, Session>()
  const counts = new Map<string, number>()
  let isTicking = false
  let isClosed = false

  function start(): void {
    if (isTicking || isClosed) return
    isTicking = true
    later(interval, async () => {
      try {
        await lookAtAll()
      } finally {
        isTicking = false
        if (watched.size > 0) start()
      }
    })
  }

  async function lookAtAll(): Promise<void> {
    const all = [...watched]
    for (let i = 0; i < all.length; i += batch) {
      await Promise.all(all.slice(i, i + batch).map(([watcher, session]) => look(watcher, session)))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async function look(watcher: Watcher, session: Session): Promise<void> {
    try {
      const sighting = await toSighting(session, options)
      if (!watched.has(watcher)) return
      // What is found over next time is judged by what was known last.
      if (sighting.kind === 'live') watched.set(watcher, sighting.session)
      watcher(sighting)
    } catch (error) {
      // A store that fails says nothing about the session: it is asked again.
      log.debug({ error }, 'a watched session cannot be read')
    }
  }

  const count = ({ record }: Session) => counts.get(record.key) ?? 0

  return {
    problem(session) {
      if (isClosed || watched.size >= most) return 'ERR_EVENT_STREAMS_EXHAUSTED'
      return count(session) >= mostOfSession ? 'ERR_SESSION_STREAMS_EXCEEDED' : undefined
    },

    watch(session, watcher) {
      const { key } = session.record
      watched.set(watcher, session)
      counts.set(key, count(session) + 1)
      start()
      return () => {
        if (!watched.delete(watcher)) return
        const left = count(session) - 1
        if (left > 0) counts.set(key, left)
        else counts.delete(key)
      }
    },

    close() {
      isClosed = true
      for (const watcher of [...watched.keys()]) watcher({ kind: 'unseen' })
    },
  }
}

async function toSighting(
  session: Session,
  { sessions, clock, mode }: SessionWatchOptions,
): Promise<Sighting> {
  const latest = await sessions.reload(session)
  if (latest) return { kind: 'live', session: latest }
  const reason = await sessions.endReason(session)
  if (reason) return { kind: 'ended', reason: reason as SessionEndReason }
  if (mode === 'sealed') return { kind: 'unseen' }
  return { kind: 'ended', reason: session.record.expiresAt <= clock() ? 'expired' : 'lost' }
}
