import type { PassHandler } from '@sallyport/lanes'
import type { GatewayConfig } from './options.ts'
import { createWebFiles } from './web-files.ts'

/** What browsers get that is no business of a BFF, by frontend. */
export interface WebPages {
  readonly pass: PassHandler
}

/**
 * Creates the pages of all frontends.
 *
 * @throws `ERR_CONFIG_INVALID` for a web folder without an `index.html`.
 */
export function createWebPages({ frontends }: GatewayConfig): WebPages {
  const none = createWebFiles(undefined)
  const byFrontend = new Map<string, PassHandler>()
  for (const { bff, webFolder } of frontends) {
    const url = URL.parse(bff.publicUrl)
    // What is no URL, the BFF itself refuses.
    const frontend = url ? `${url.origin}${url.pathname.replace(/\/$/, '')}` : ''
    byFrontend.set(frontend, createWebFiles(webFolder))
  }

  return {
    pass: (request, response, decision) =>
      (byFrontend.get(decision.frontend) ?? none)(request, response, decision),
  }
}
