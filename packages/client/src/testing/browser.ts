import type { EventsPage } from '../events/page.ts'
import type { Page } from '../page.ts'
import { createLocks } from './locks.ts'

/** What the server behind a test browser answers. */
export type Answer = (request: SentRequest) => Response | Promise<Response>

/** A request as it left a page. */
export interface SentRequest {
  url: string
  method: string
  headers: Headers
  credentials: RequestCredentials | undefined
  mode: RequestMode | undefined
  /** Aborts when the page no longer wants the answer, or is gone. */
  signal: AbortSignal
}

/** One open page of a test browser. */
export interface Tab {
  page: Page & EventsPage
  /** Where the page navigated to. */
  assigned: string[]
  emit(type: 'pageshow' | 'pagehide', event: { persisted: boolean }): void
  /** What the browser says of its life: `freeze`, `resume`. */
  live(type: 'freeze' | 'resume'): void
  show(visibility: DocumentVisibilityState): void
  /** A tab in the background that was frozen without a word: hears nothing, keeps what it has. */
  deafen(): void
  /** As a crash does it: no event, and all that it had is free. */
  close(): void
}

export interface BrowserOptions {
  /** Whether it has Web Locks, or pages may use them. */
  locks?: 'yes' | 'no' | 'forbidden'
}

/** The globals of pages of https://shop.test, joined by their broadcast channels. */
export function createBrowser(answer: Answer, { locks = 'yes' }: BrowserOptions = {}) {
  type Channel = InstanceType<EventsPage['BroadcastChannel']> & { name: string; tab: object }
  let channels: Channel[] = []
  const allLocks = createLocks()
  const deaf = new Set<object>()
  const browser = { answer, requests: [] as SentRequest[], open }
  return browser

  function open(path = '/'): Tab {
    const assigned: string[] = []
    const gone = new AbortController()
    const pageEvents = new EventTarget()
    const document = Object.assign(new EventTarget(), {
      visibilityState: 'visible' as DocumentVisibilityState,
    })
    const { href, origin, pathname, search, hash } = new URL(path, 'https://shop.test')
    const assign = (url: string | URL) => void assigned.push(`${url}`)
    const page = {
      crypto,
      document,
      location: { href, origin, pathname, search, hash, assign },
      addEventListener: pageEvents.addEventListener.bind(pageEvents),
      BroadcastChannel: TestChannel,
      navigator: { locks: toLocks(gone) },
      fetch: async (url: string, init: RequestInit = {}) => {
        const { method = 'GET', headers, credentials, mode } = init
        const signal = AbortSignal.any([gone.signal, ...(init.signal ? [init.signal] : [])])
        signal.throwIfAborted()
        const request = { url, method, headers: new Headers(headers), credentials, mode, signal }
        browser.requests.push(request)
        return browser.answer(request)
      },
    } as unknown as Page & EventsPage
    return {
      page,
      assigned,
      emit: (type, event) => pageEvents.dispatchEvent(Object.assign(new Event(type), event)),
      live: (type) => document.dispatchEvent(new Event(type)),
      show(visibility) {
        document.visibilityState = visibility
        document.dispatchEvent(new Event('visibilitychange'))
      },
      deafen() {
        document.visibilityState = 'hidden'
        deaf.add(gone)
      },
      close() {
        deaf.add(gone)
        gone.abort()
        allLocks.release(gone)
      },
    }

    function TestChannel(this: Channel, name: string) {
      Object.assign(this, { name, tab: gone, onmessage: null })
      this.postMessage = (data) => {
        for (const channel of channels) {
          if (channel === this || channel.name !== name) continue
          queueMicrotask(() => deliver(channel, data))
        }
      }
      this.close = () => {
        channels = channels.filter((channel) => channel !== this)
      }
      channels.push(this)
    }
  }

  function deliver(channel: Channel, data: unknown): void {
    if (deaf.has(channel.tab) || !channels.includes(channel)) return
    channel.onmessage?.call(
      channel as unknown as BroadcastChannel,
      new MessageEvent('message', { data }),
    )
  }

  function toLocks(tab: object) {
    if (locks === 'no') return undefined
    if (locks === 'yes') return allLocks.of(tab)
    return { request: () => Promise.reject(new DOMException('not here', 'SecurityError')) }
  }
}
