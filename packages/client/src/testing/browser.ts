import type { Page } from '../page.ts'

/** What the server behind a test browser answers to any request. */
export type Answer = () => Response | Promise<Response>

/** A request as it left a page. */
export interface SentRequest {
  url: string
  method: string
  headers: Headers
  credentials: RequestCredentials | undefined
  mode: RequestMode | undefined
}

/** One open page of a test browser. */
export interface Tab {
  page: Page
  /** Where the page navigated to. */
  assigned: string[]
  emit(type: 'pageshow', event: { persisted: boolean }): void
  show(visibility: DocumentVisibilityState): void
}

/** The globals of pages of https://shop.test, joined by their broadcast channels. */
export function createBrowser(answer: Answer) {
  type Channel = InstanceType<Page['BroadcastChannel']> & { name: string }
  const channels: Channel[] = []
  const browser = { answer, requests: [] as SentRequest[], open }
  return browser

  function open(path = '/'): Tab {
    const assigned: string[] = []
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
      fetch: async (url: string, init: RequestInit = {}) => {
        const { method = 'GET', headers, credentials, mode } = init
        browser.requests.push({ url, method, headers: new Headers(headers), credentials, mode })
        return browser.answer()
      },
    } as unknown as Page
    return {
      page,
      assigned,
      emit: (type, event) => pageEvents.dispatchEvent(Object.assign(new Event(type), event)),
      show(visibility) {
        document.visibilityState = visibility
        document.dispatchEvent(new Event('visibilitychange'))
      },
    }
  }

  /** Delivers at once, to all channels of the name but itself. */
  function TestChannel(this: Channel, name: string) {
    Object.assign(this, { name, onmessage: null })
    this.postMessage = (data) => {
      for (const channel of channels) {
        if (channel === this || channel.name !== name) continue
        channel.onmessage?.call(channel as BroadcastChannel, new MessageEvent('message', { data }))
      }
    }
    channels.push(this)
  }
}
