import type { OptionProblem } from '@sallyport/core'
import { optionsError } from '@sallyport/core/options'
import type { PassHandler } from '@sallyport/lanes'
import type { GatewayConfig } from './options.ts'
import { createWebFiles, hasPage } from './web-files.ts'

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
  const problems: OptionProblem[] = []
  for (const [i, { bff, webFolder }] of frontends.entries()) {
    if (webFolder !== undefined && !hasPage(webFolder)) {
      const message = `no index.html in ${webFolder}; build the application first`
      problems.push({ path: ['frontends', i, 'webFolder'], message })
      continue
    }
    const url = URL.parse(bff.publicUrl)
    // What is no URL, the BFF itself refuses.
    const frontend = url ? `${url.origin}${url.pathname.replace(/\/$/, '')}` : ''
    byFrontend.set(frontend, createWebFiles(webFolder, bff.issuer))
  }
  if (problems.length > 0) throw optionsError('web pages', problems)

  return {
    pass: (request, response, decision) =>
      (byFrontend.get(decision.frontend) ?? none)(request, response, decision),
  }
}
