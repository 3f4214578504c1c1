/**
 * What happens to the session meanwhile: it ends soon, goes on longer, or has ended and why. One
 * tab listens for all.
 *
 * @module
 */

import type { Client } from './client.ts'
import { followSession, type SessionFollower } from './events/follow-session.ts'
import type { EventsPage } from './events/page.ts'
import type { Session } from './session.ts'

export type { EventsPage } from './events/page.ts'

/**
 * What to do when something happens; it may be told again. That the session ended, and why, is told
 * to the client's own `onSessionEnd`, and stands in its state.
 */
export interface SessionEventsOptions {
  /** The session ends in so many seconds if nothing more is asked. */
  onExpiring?: (expiresIn: number) => void
  /** It goes on for so many seconds, whatever was told before. */
  onRefreshed?: (expiresIn: number) => void
}

/** A page that hears of its session. */
export interface SessionEvents {
  /**
   * Keeps the session alive.
   *
   * @returns nothing when it is over already
   * @throws what `Client.session` throws
   */
  extend(): Promise<Session | undefined>
  /** Hears no more. */
  close(): void
}

/**
 * Follows what happens to the client's session, for as long as there is one. All tabs of the origin
 * and base path share one stream of the BFF's: the tab that holds it tells the others, and when it is
 * closed or frozen another one holds it.
 *
 * The third parameter stands in for the page's globals in tests. On a server it does nothing.
 */
export function createSessionEvents(
  client: Client,
  { onExpiring, onRefreshed }: SessionEventsOptions = {},
  page: EventsPage = globalThis,
): SessionEvents {
  const closed = new AbortController()
  const { signal } = closed
  const { document } = page
  let follower: SessionFollower | undefined

  if (document) {
    signal.addEventListener('abort', client.subscribe(update))
    // A page that is frozen, or kept for a return, holds nothing that others wait for.
    page.addEventListener('pagehide', stop, { signal })
    document.addEventListener('freeze', stop, { signal })
    document.addEventListener('resume', update, { signal })
    update()
  }

  return {
    extend: () => client.session(),
    close() {
      closed.abort()
      stop()
    },
  }

  function update(): void {
    const state = client.getSnapshot()
    if (state.status === 'signed_in') {
      follower ??= followSession({ client, page, onExpiring, onRefreshed })
      follower.notice(+state.session.expiresAt)
    } else {
      stop()
    }
  }

  function stop(): void {
    follower?.stop()
    follower = undefined
  }
}
