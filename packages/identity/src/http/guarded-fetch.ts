import { receiveBounded } from '@sallyport/core'

/** How the provider makes outgoing requests. */
export type GuardedFetch = (url: URL | string, init?: RequestInit) => Promise<Response>

const timeoutMs = 2_500
const bodyLimit = 64 * 1024

/**
 * Creates the `fetch` of back-channel calls. The provider hands over a dispatcher that closes
 * connections to private and loopback addresses; it is left out for the listed origins only. No
 * redirect is followed, no answer is waited for longer than 2.5 s, none is read beyond 64 KiB.
 */
export function createGuardedFetch(
  allowedPrivateOrigins: ReadonlySet<string>,
  fetch: GuardedFetch = globalThis.fetch,
): GuardedFetch {
  return async (target, init = {}) => {
    const url = new URL(target)
    const { dispatcher, ...rest } = init as RequestInit & { dispatcher?: unknown }
    const isAllowed = allowedPrivateOrigins.has(url.origin)
    if (!isAllowed && dispatcher === undefined) {
      throw new TypeError('the provider gave no dispatcher that keeps off private addresses')
    }
    const response = await fetch(url, {
      ...rest,
      ...(!isAllowed && { dispatcher }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    } as RequestInit)
    const received = await receiveBounded(response, bodyLimit)
    if (received) return received
    throw new TypeError(`the answer is longer than ${bodyLimit} bytes`)
  }
}
