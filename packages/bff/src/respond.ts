import { type ErrorCode, errorCatalogue, toProblem } from '@sallyport/core'
import type { HeaderList, RespondDecision, StreamDecision } from './decision.ts'
import { type ErrorPage, renderErrorPage, styleHash } from './error-page.ts'
import { isNavigation } from './headers.ts'
import { renderOnwardPage } from './onward-page.ts'

/** On every answer of the BFF itself: kept nowhere, framed nowhere, sniffed by nobody. */
const baseHeaders: HeaderList = [
  ...['cache-control', 'no-store'],
  ...['referrer-policy', 'no-referrer'],
  ...['x-content-type-options', 'nosniff'],
  ...['cross-origin-resource-policy', 'same-origin'],
]

const noContentPolicy = "default-src 'none'; frame-ancestors 'none'"

const pageHeaders: HeaderList = [
  ...['content-type', 'text/html; charset=utf-8'],
  ...['content-security-policy', `${noContentPolicy}; style-src '${styleHash}'`],
]

/** Extras of an answer. */
export interface RespondOptions {
  setCookies?: readonly string[]
  headers?: HeaderList
  /** @defaultValue 200 */
  status?: number
}

export function respondJson(body: unknown, options: RespondOptions = {}): RespondDecision {
  return respond(options.status ?? 200, JSON.stringify(body), {
    ...options,
    headers: [
      ...['content-type', 'application/json'],
      ...['content-security-policy', noContentPolicy],
      ...(options.headers ?? []),
    ],
  })
}

/** Server-sent events; proxies in front neither hold them back nor change them. */
export function respondStream(
  open: StreamDecision['open'],
  options: RespondOptions,
): StreamDecision {
  const { status, headers } = respond(200, '', {
    ...options,
    headers: [
      ...['content-type', 'text/event-stream'],
      ...['content-security-policy', noContentPolicy],
      ...['x-accel-buffering', 'no'],
    ],
  })
  return { kind: 'stream', status, headers, open }
}

/** A page without a look. */
export interface FramedPage extends RespondOptions {
  /** @defaultValue an empty page */
  html?: string
  /** Of its one script, as a Content-Security-Policy names it. */
  scriptHash?: string
}

/** A page that pages of one origin may frame. */
export function respondFramed(origin: string, page: FramedPage = {}): RespondDecision {
  const { html = '', scriptHash, status = 200 } = page
  const script = scriptHash ? `; script-src '${scriptHash}'` : ''
  const policy = `default-src 'none'; frame-ancestors ${origin}${script}`
  const type = ['content-type', 'text/html; charset=utf-8']
  return respond(status, html, { ...page, headers: [...type, 'content-security-policy', policy] })
}

export function respondEmpty(
  status: 200 | 202 | 204 = 200,
  options: Pick<RespondOptions, 'headers' | 'setCookies'> = {},
): RespondDecision {
  const headers = ['content-security-policy', noContentPolicy, ...(options.headers ?? [])]
  return respond(status, '', { ...options, headers })
}

/**
 * Sends the browser on with 303, so that it never repeats a method or body (RFC 9700 section 4.12).
 */
export function redirect(location: URL, options: RespondOptions = {}): RespondDecision {
  const headers = ['location', location.href, 'content-security-policy', noContentPolicy]
  return respond(303, '', { ...options, headers })
}

/** A page for people. */
export function respondPage(page: ErrorPage, options: RespondOptions = {}): RespondDecision {
  const headers = [...(options.headers ?? []), ...pageHeaders]
  return respond(options.status ?? 200, renderErrorPage(page), { ...options, headers })
}

/** Sends the browser on with a page, which starts a navigation of its own. */
export function respondOnward(location: URL, options: RespondOptions = {}): RespondDecision {
  const type = ['content-type', 'text/html; charset=utf-8']
  const headers = [...type, 'content-security-policy', noContentPolicy]
  return respond(200, renderOnwardPage(location), { ...options, headers })
}

/**
 * Sends the browser on at the end of a sign-in; to another origin with a page, because a redirect
 * belongs to the form that somebody sent at the issuer, and the policy of the issuer's pages may let
 * forms end at this origin and nowhere else.
 *
 * @see {@link https://www.w3.org/TR/CSP3/#directive-form-action Content Security Policy Level 3, section 6.4.1}
 */
export function respondReturn(
  location: URL,
  { publicUrl }: { publicUrl: URL },
  options: RespondOptions,
): RespondDecision {
  const goOn = location.origin === publicUrl.origin ? redirect : respondOnward
  return goOn(location, options)
}

/** What a person is told and offered when something went wrong. */
export interface ErrorOptions extends RespondOptions {
  /** Says more than the title; shown to people and sent as `detail`. Never a secret. */
  detail?: string
  /** What the person can do next; a path or URL of our own making. */
  link?: { href: string; label: string }
  /** Seconds after which it may be tried again; sent with 503. @defaultValue 5 */
  retryAfter?: number | undefined
  /** More members of the problem (RFC 9457 section 3.2). */
  members?: object
}

/** Seconds after which a caller may try again when something of ours is down. */
const retryAfterSeconds = 5

/** An error as a page for people and as a problem for scripts (RFC 9457). */
export function respondError(
  request: { headers: HeaderList },
  code: ErrorCode,
  options: ErrorOptions = {},
): RespondDecision {
  const { detail, link } = options
  const problem = toProblem(code)
  const headers: string[] = [...(options.headers ?? []), 'vary', 'accept, sec-fetch-mode']
  if (problem.status === 503) {
    headers.push('retry-after', String(options.retryAfter ?? retryAfterSeconds))
  }
  if (isNavigation(request.headers)) {
    const { title, status } = problem
    return respondPage({ title, code, detail, link }, { ...options, status, headers })
  }
  headers.push(
    ...['content-type', 'application/problem+json'],
    ...['content-security-policy', noContentPolicy],
  )
  const body = JSON.stringify({ ...problem, ...(detail && { detail }), ...options.members })
  return respond(errorCatalogue[code].status, body, { ...options, headers })
}

function respond(status: number, body: string, options: RespondOptions): RespondDecision {
  const headers = [...baseHeaders, ...(options.headers ?? [])]
  for (const cookie of options.setCookies ?? []) headers.push('set-cookie', cookie)
  return { kind: 'respond', status, headers, body }
}
