/**
 * Signing in without anybody noticing, where the issuer knows the person already.
 *
 * @module
 */

import type { SilentLoginMessage } from '@sallyport/core/contract'
import type { Client } from './client.ts'
import { silentLoginPath } from './wire.ts'

/** How to sign in silently. */
export interface SilentLoginOptions {
  /**
   * Seconds after which nobody was signed in.
   *
   * @defaultValue 10
   */
  timeout?: number
}

/** The globals of a web page that a silent sign-in uses. */
export interface SilentLoginPage {
  document: Pick<Document, 'createElement' | 'body'>
  location: Pick<Location, 'origin'>
  addEventListener(
    type: 'message',
    listener: (event: MessageEvent) => void,
    options: AddEventListenerOptions,
  ): void
}

/**
 * Signs in if nobody has to be asked, in a hidden frame. The client's state tells who it is then.
 *
 * The frame is there no longer than the attempt. Of messages only those count that the frame's own
 * window sent, from the BFF's origin. Browsers that keep the issuer's cookies from frames of other sites
 * answer false, unless the issuer is of the application's site.
 *
 * The third parameter stands in for the page's globals in tests.
 *
 * @returns false when the person must be asked, or nothing was heard in time
 * @throws what `Client.session` throws
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest OpenID Connect Core 1.0, section 3.1.2.1, prompt}
 */
export async function silentLogin(
  client: Pick<Client, 'basePath' | 'session'>,
  { timeout = 10 }: SilentLoginOptions = {},
  page: SilentLoginPage = globalThis,
): Promise<boolean> {
  const isLoggedIn = await askInFrame(client.basePath + silentLoginPath, timeout * 1000, page)
  return isLoggedIn && (await client.session()) !== undefined
}

function askInFrame(src: string, timeoutMs: number, page: SilentLoginPage): Promise<boolean> {
  const { document, location } = page
  const bffOrigin = new URL(src, location.origin).origin
  const over = new AbortController()
  const frame = document.createElement('iframe')
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(resolve, timeoutMs, false)
    over.signal.addEventListener('abort', () => clearTimeout(timer))
    const listen = ({ origin, source, data }: MessageEvent) => {
      const isFromFrame = source !== null && source === frame.contentWindow
      if (origin !== bffOrigin || !isFromFrame || !isMessage(data)) return
      resolve(data.isLoggedIn)
    }
    page.addEventListener('message', listen, { signal: over.signal })
    frame.hidden = true
    frame.src = src
    document.body.append(frame)
  }).finally(() => {
    over.abort()
    frame.remove()
  })
}

function isMessage(value: unknown): value is SilentLoginMessage {
  const { source, isLoggedIn } = Object(value) as Partial<SilentLoginMessage>
  return source === 'bff-silent-login' && typeof isLoggedIn === 'boolean'
}
