import { SallyportError } from '@sallyport/core'
import { csrfHeader } from '@sallyport/core/contract'
import type { BffContext } from '../context.ts'
import type { HeaderList } from '../decision.ts'
import { headerValues } from '../headers.ts'

const knownSites = new Set(['same-origin', 'same-site', 'cross-site', 'none'])

/**
 * Why a request that carries the session cookie is not the application's own; `undefined` when
 * it is. Three independent proofs, each of which a page of another origin cannot give: our header
 * (needs a CORS preflight, which is refused), Fetch Metadata, and Origin or Referer. A page of an
 * allowed origin must give our header too, and be named by Origin.
 *
 * A browser that sends neither Fetch Metadata nor Origin nor Referer is judged by our header.
 *
 * @see {@link https://www.w3.org/TR/fetch-metadata/ Fetch Metadata Request Headers}
 */
export function csrfProblem(
  headers: HeaderList,
  publicOrigin: string,
  allowedOrigins: readonly string[] = [],
): string | undefined {
  const marker = headerValues(headers, csrfHeader.name)
  if (marker.length === 0) return `the ${csrfHeader.name} header is missing`
  if (marker.length > 1 || marker[0] !== csrfHeader.value) {
    return `the ${csrfHeader.name} header must be "${csrfHeader.value}", once`
  }
  return crossOriginProblem(headers, publicOrigin, allowedOrigins)
}

/** The part of the policy that needs no header of ours. */
export function crossOriginProblem(
  headers: HeaderList,
  publicOrigin: string,
  allowedOrigins: readonly string[] = [],
): string | undefined {
  if (listedOrigin(headers, allowedOrigins)) return undefined
  const sites = headerValues(headers, 'sec-fetch-site')
  if (sites.length > 1) return 'Sec-Fetch-Site is repeated'
  const [site] = sites
  if (site && knownSites.has(site) && site !== 'same-origin') return `Sec-Fetch-Site is ${site}`

  const origins = headerValues(headers, 'origin')
  if (origins.length > 1) return 'Origin is repeated'
  const [origin] = origins
  if (origin !== undefined) return origin === publicOrigin ? undefined : 'Origin is another'

  if (site === 'same-origin') return undefined
  const [referer] = headerValues(headers, 'referer')
  if (referer === undefined) return undefined
  const isOwn = URL.canParse(referer) && new URL(referer).origin === publicOrigin
  return isOwn ? undefined : 'Referer is another origin'
}

/**
 * The allowed origin that a script's request comes from: `Origin` names it, and Fetch Metadata does
 * not contradict. Of the site of ours it must be; across sites our cookies do not come along anyway.
 */
export function listedOrigin(
  headers: HeaderList,
  allowedOrigins: readonly string[],
): string | undefined {
  return listed(headerValues(headers, 'origin'), headers, allowedOrigins)
}

/** The same for a frame: browsers name its page in `Referer` alone, unless that page forbids it. */
export function listedReferer(
  headers: HeaderList,
  allowedOrigins: readonly string[],
): string | undefined {
  if (headerValues(headers, 'origin').length > 0) return undefined
  const origins = headerValues(headers, 'referer').map((text) => URL.parse(text)?.origin ?? 'null')
  return listed(origins, headers, allowedOrigins)
}

function listed(
  [origin, another]: readonly string[],
  headers: HeaderList,
  allowedOrigins: readonly string[],
): string | undefined {
  if (allowedOrigins.length === 0 || origin === undefined || another !== undefined) return undefined
  const [site, anotherSite] = headerValues(headers, 'sec-fetch-site')
  if (anotherSite !== undefined) return undefined
  if (site && knownSites.has(site) && site !== 'same-site') return undefined
  return allowedOrigins.includes(origin) ? origin : undefined
}

/** Refuses a request for which there is such a problem, and records it. */
export function assertOwn(problem: string | undefined, { log }: BffContext): void {
  if (!problem) return
  log.warn({ event: 'malicious_csrf', problem }, 'a request is refused')
  throw new SallyportError('ERR_CSRF_REJECTED', problem)
}
