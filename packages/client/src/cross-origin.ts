/**
 * The client of a page that another origin serves than that of its BFF.
 *
 * @module
 */

import { type Client, type ClientOptions, createClient } from './client.ts'
import type { Page } from './page.ts'

/** Settings of a client whose BFF is at another origin. */
export interface CrossOriginOptions extends ClientOptions {
  /**
   * Where the BFF is, such as `https://bff.shop.example` for a page of `https://www.shop.example`.
   * It must be of the page's site, and list the page's origin in `allowedOrigins`.
   */
  bffOrigin: string
}

/**
 * Makes the client of such a page. It is like any other, but for two things: its paths are the BFF's,
 * not the page's, and a `returnUrl` is a page of this origin still. Its `basePath` is a whole URL.
 *
 * The second parameter stands in for the page's globals in tests.
 *
 * @throws TypeError when `bffOrigin` is no URL
 */
export function createCrossOriginClient(
  { bffOrigin, basePath = '', fetch, ...rest }: CrossOriginOptions,
  page: Page = globalThis,
): Client {
  const { origin } = new URL(bffOrigin)
  const client = createClient(
    {
      ...rest,
      basePath: origin + basePath,
      // A redirect cannot take the body elsewhere: of an API's, the BFF passes on its own places only.
      fetch: (url, init) =>
        (fetch ?? page.fetch)(url, { ...init, credentials: 'include', mode: 'cors' }),
    },
    seenFrom(origin, page),
  )
  return {
    ...client,
    login({ returnUrl, ...parameters } = {}) {
      const whole = returnUrl && new URL(returnUrl, page.location.href).href
      client.login({ ...parameters, returnUrl: whole })
    },
  }
}

/** The page as it is, at a place where the BFF's paths mean what the BFF means by them. */
function seenFrom(origin: string, page: Page): Page {
  return {
    ...(page.document && { document: page.document }),
    crypto: page.crypto,
    fetch: page.fetch,
    BroadcastChannel: page.BroadcastChannel,
    addEventListener: (type, listener) => page.addEventListener(type, listener),
    location: {
      href: `${origin}/`,
      origin,
      // What a sign-in comes back to: all of the page's address, not its path alone.
      get pathname() {
        return page.location.origin + page.location.pathname
      },
      get search() {
        return page.location.search
      },
      get hash() {
        return page.location.hash
      },
      assign: (url) => page.location.assign(new URL(url, origin)),
    },
  }
}
