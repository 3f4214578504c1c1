import type { HeaderList } from '../decision.ts'
import type { RouteHeaderConfig } from '../options/header-options.ts'
import { changeRules, type createHeaderRules, type HeaderRules } from './header-rules.ts'

/** The header policy of one route, compiled. */
export interface RouteHeaders {
  readonly requestRules: HeaderRules
  readonly responseRules: HeaderRules
}

/**
 * Said with each proxied answer, unless the route says otherwise. An API's answer opened as a page can
 * run nothing, and other origins cannot embed it.
 */
const responsePolicy: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Compiles what a route changes, so that a request looks only at its own fields. */
export function compileRouteHeaders(
  { requestHeaders, responseHeaders }: RouteHeaderConfig,
  { request, response }: ReturnType<typeof createHeaderRules>,
): RouteHeaders {
  const requestSet = Object.entries(requestHeaders?.set ?? {})
  return {
    requestRules: changeRules(request, {
      added: requestSet.flatMap(([name, value]) => [name, value.reveal()]),
      removed: requestHeaders?.remove ?? [],
    }),
    responseRules: changeRules(response, {
      added: toList({ ...responsePolicy, ...responseHeaders?.set }),
      removed: responseHeaders?.remove ?? [],
    }),
  }
}

function toList(fields: Readonly<Record<string, string>>): HeaderList {
  return Object.entries(fields).flat()
}
