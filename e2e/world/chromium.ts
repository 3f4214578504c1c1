import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'
import { findChromium } from '../../tools/find-chromium.ts'

/** One real browser, for many visitors. */
export interface Chromium {
  /** Somebody with a browser profile of their own: no cookie, no history, no cache. */
  visit(options?: BrowserContextOptions): Promise<Visitor>
  close(): Promise<void>
}

/** A person at a browser. */
export interface Visitor extends AsyncDisposable {
  readonly context: BrowserContext
  /**
   * What the console says against the pages: errors of theirs, and violations of a policy. That a
   * resource answered with an error status is no news to a test that asked for it.
   */
  readonly complaints: readonly string[]
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Longer than any wait of a page that works, on a machine that has much else to do. */
const patienceMs = 15_000

/**
 * Starts Debian's Chromium, as people have it: with its back/forward cache.
 *
 * @param more flags for this one browser
 */
export async function launchChromium(...more: string[]): Promise<Chromium> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('No Chromium is on the PATH: run tools/chromium.ts')
  const browser = await chromium.launch({
    executablePath,
    args: [...flags, ...more],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  return {
    async visit(options = {}) {
      const context = await browser.newContext({
        locale: 'en-GB',
        reducedMotion: 'reduce',
        ...options,
      })
      context.setDefaultTimeout(patienceMs)
      const complaints: string[] = []
      context.on('console', (message) => {
        const isComplaint = message.type() === 'error' || message.type() === 'warning'
        if (isComplaint && !message.text().startsWith('Failed to load resource')) {
          complaints.push(`${message.text()} (${message.location().url})`)
        }
      })
      context.on('weberror', (webError) => complaints.push(String(webError.error())))
      return { context, complaints, [Symbol.asyncDispose]: () => context.close() }
    },
    close: () => browser.close(),
  }
}
