import { isIP } from 'node:net'
import type { OptionProblem } from '@sallyport/core'
import { isLoopback, secureUrl } from '@sallyport/core/options'
import * as z from 'zod'
import { canonicalPath } from '../target.ts'

/** Where pages of the application are, when a host of their own serves them. */
export interface OriginOptions {
  /**
   * Other origins whose pages are the application too, such as `https://www.shop.example` for a BFF
   * at `https://bff.shop.example`: they may call it with the session cookie, and sign-ins and
   * sign-outs may end there. Each exactly as browsers send it in `Origin`.
   *
   * All must be of the site of `publicUrl`, because browsers send its cookies from nowhere else. What
   * is surely of another site is refused: another scheme, or a host that has not the last two labels
   * in common. Whether these two are a public suffix, such as `co.uk`, is not checked here: browsers
   * do, and call such a request cross-site, which is refused.
   * @defaultValue none
   */
  allowedOrigins?: string[] | undefined
  /**
   * Where the application's pages begin, when that is not `publicUrl`: a URL of one of
   * `allowedOrigins`. Sign-ins that do not say where to end up end there, `logout.returnPath` is
   * below it, and error pages lead there.
   * @defaultValue publicUrl
   */
  applicationUrl?: string | undefined
}

/** {@link OriginOptions}, complete. */
export interface OriginConfig {
  readonly allowedOrigins: readonly string[]
  /** Ends in a slash. */
  readonly applicationUrl: URL
}

const exactOrigin = z
  .string()
  .refine((text) => {
    const url = URL.parse(text)
    return url !== null && url.origin === text && !text.includes('*')
  }, 'must be one origin as browsers send it, such as https://www.shop.example: no path, no wildcard')
  .refine((text) => {
    const url = URL.parse(text)
    return !url || url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
  }, 'must be https: http is for loopback hosts only')

/** The members of {@link OriginOptions}, for the BFF's schema. */
export const originShape = {
  allowedOrigins: z.array(exactOrigin).default([]),
  applicationUrl: secureUrl
    .refine((text) => {
      const url = URL.parse(text)
      return !url || (isCanonical(url.pathname) && !text.includes('?'))
    }, 'must be an origin, or an origin and a canonical path')
    .transform((text) => new URL(text.endsWith('/') ? text : `${text}/`))
    .optional(),
}

interface Places {
  readonly publicUrl: URL
  readonly allowedOrigins: readonly string[]
  readonly applicationUrl?: URL | undefined
}

/** What of the origins does not go together. */
export function originProblems({
  publicUrl,
  allowedOrigins,
  applicationUrl,
}: Places): OptionProblem[] {
  const problems = allowedOrigins.flatMap((origin, i) => {
    const message = originProblem(origin, publicUrl, allowedOrigins.slice(0, i))
    return message ? [{ path: ['allowedOrigins', i], message }] : []
  })
  if (applicationUrl && !allowedOrigins.includes(applicationUrl.origin)) {
    const message = 'must be at one of allowedOrigins'
    return [...problems, { path: ['applicationUrl'], message }]
  }
  return problems
}

function originProblem(
  origin: string,
  publicUrl: URL,
  before: readonly string[],
): string | undefined {
  if (before.includes(origin)) return `"${origin}" occurs twice`
  if (origin === publicUrl.origin) return 'is the origin of publicUrl, which needs no permission'
  const url = URL.parse(origin)
  if (!url || canBeSameSite(url, publicUrl)) return undefined
  return 'is of another site than publicUrl: browsers send no session cookie from there'
}

/**
 * Whether two hosts can be of one site. A registrable domain has two labels at least; how many more
 * only the public suffix list knows.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/browsers.html#same-site HTML, section 7.1.1}
 */
function canBeSameSite(one: URL, other: URL): boolean {
  if (one.protocol !== other.protocol) return false
  if (one.hostname === other.hostname) return true
  const domains = [one, other].map(({ hostname }) => {
    const labels = hostname.split('.')
    const hasDomain = labels.length >= 2 && !isIP(hostname) && !hostname.startsWith('[')
    return hasDomain ? labels.slice(-2).join('.') : undefined
  })
  return domains[0] !== undefined && domains[0] === domains[1]
}

function isCanonical(path: string): boolean {
  try {
    return canonicalPath(path) === path
  } catch {
    return false
  }
}
