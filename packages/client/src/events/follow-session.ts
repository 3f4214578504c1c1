import type { SessionEndReason, SessionEvent } from '@sallyport/core/contract'
import type { Client } from '../client.ts'
import { followStream } from './follow-stream.ts'
import { joinLeadership } from './leadership.ts'
import type { EventsPage } from './page.ts'

export interface FollowSessionOptions {
  client: Pick<Client, 'basePath' | 'fetch' | 'session'>
  page: EventsPage
  onExpiring: ((expiresIn: number) => void) | undefined
  onRefreshed: ((expiresIn: number) => void) | undefined
}

/** One tab's part while there is a session. */
export interface SessionFollower {
  /** Says when the session ends as this tab knows it: the stream may not see that it goes on. */
  notice(endsAtMs: number): void
  stop(): void
}

type News = Exclude<SessionEvent, { type: 'ended' }>

/** What tabs say to one another. */
type Message =
  | News
  /** The BFF must be asked how things stand: the session is another one, or has other claims. */
  | { type: 'check' }
  /** To the leader: say what you know. */
  | { type: 'ask' }
  /** Nothing yet. */
  | { type: 'alive' }

/** Milliseconds by which an end must be later than the one that was told, to be news. */
const slackMs = 2000

/** Hears what happens to the session, from the BFF or from the tab that does, and tells the page. */
export function followSession({
  client,
  page,
  onExpiring,
  onRefreshed,
}: FollowSessionOptions): SessionFollower {
  const clientName = `sallyport:${client.basePath}`
  const name = `${clientName}:events`
  const channel = new page.BroadcastChannel(name)
  let latest: { type: News['type']; endsAtMs: number } | undefined
  let isStopped = false
  let concluding = Promise.resolve()

  const leadership = joinLeadership({
    name,
    page,
    lead: (signal) => followStream({ client, page, signal, onEvent }),
    ask: () => say({ type: 'ask' }),
  })
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.type === 'ask') {
      if (leadership.isLeading) say(toLatest())
      return
    }
    leadership.hear()
    if (data.type === 'check') check()
    else if (data.type !== 'alive') tell(data)
  }

  return {
    notice(endsAtMs) {
      if (!latest || endsAtMs <= latest.endsAtMs + slackMs) return
      const expiresIn = toSeconds(endsAtMs)
      onEvent({ type: 'refreshed', expiresIn, claimsChanged: false })
    },
    stop() {
      isStopped = true
      channel.onmessage = null
      // The others hear how it ended before one of them leads.
      void concluding.then(() => {
        leadership.leave()
        channel.close()
      })
    },
  }

  function say(message: Message): void {
    channel.postMessage(message)
  }

  function onEvent(event: SessionEvent): void {
    if (isStopped) return
    if (event.type === 'ended') {
      concluding = conclude(event.reason)
    } else {
      say(event)
      tell(event)
    }
  }

  function tell(news: News): void {
    const { type, expiresIn } = news
    latest = { type, endsAtMs: Date.now() + expiresIn * 1000 }
    if (type === 'expiring') onExpiring?.(expiresIn)
    else onRefreshed?.(expiresIn)
    if (type === 'refreshed' && news.claimsChanged) check()
  }

  function toLatest(): Message {
    if (!latest) return { type: 'alive' }
    const { type, endsAtMs } = latest
    return { type, expiresIn: toSeconds(endsAtMs), claimsChanged: false }
  }

  function check(): void {
    client.session({ slide: false }).catch(() => {})
  }

  /**
   * The session that the stream was about is over; the browser may have another one by now. Only
   * the BFF can tell, and without its answer nothing private stays on the screen.
   */
  async function conclude(reason: SessionEndReason): Promise<void> {
    const found = await client.session({ slide: false, reason }).catch(() => undefined)
    if (found) return say({ type: 'check' })
    // Heard by the clients of all tabs, this one's too if it could not find out.
    const clients = new page.BroadcastChannel(clientName)
    clients.postMessage(reason)
    clients.close()
  }
}

function toSeconds(endsAtMs: number): number {
  return Math.round((endsAtMs - Date.now()) / 1000)
}
