import { vi } from 'vitest'
import { createClient } from '../client.ts'
import { createSessionEvents } from '../events.ts'
import { type BrowserOptions, createBrowser } from './browser.ts'
import { createEventServer } from './event-server.ts'

/** What is under way gets done. Timers are the test's. */
export const settle = () => vi.advanceTimersByTimeAsync(10)

/** Time passes, in which a server says every now and then that it is still there. */
export async function pass(
  seconds: number,
  server?: ReturnType<typeof createEventServer>,
): Promise<void> {
  for (let left = seconds; left > 0; left -= 15) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 15) * 1000)
    server?.write(': still here\n\n')
  }
  await settle()
}

/** A browser whose tabs follow their session's events. */
export function createWorld(options?: BrowserOptions) {
  const server = createEventServer()
  const browser = createBrowser(server.answer, options)
  return { server, browser, openTab, asked }

  /** A tab with the application, whose session is known. */
  async function openTab({ basePath = '', isHidden = false } = {}) {
    const tab = browser.open()
    if (isHidden) tab.show('hidden')
    const told: string[] = []
    const client = createClient(
      { basePath, onSessionEnd: (reason) => tell('ended', reason) },
      tab.page,
    )
    const events = createSessionEvents(
      client,
      {
        onExpiring: (seconds) => tell('expiring', seconds),
        onRefreshed: (seconds) => tell('refreshed', seconds),
      },
      tab.page,
    )
    await settle()
    return { tab, client, events, told }

    function tell(what: string, detail: unknown): void {
      told.push(`${what} ${detail}`)
    }
  }

  function asked(path: string): number {
    return browser.requests.filter(({ url }) => url.endsWith(path)).length
  }
}
