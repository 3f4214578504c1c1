import type { Html } from '../pages/html.ts'
import { renderPage } from '../pages/layout.ts'
import { styleSource } from '../pages/style.ts'
import type { Context } from './context.ts'

/**
 * The policy of the pages: no script, nothing from elsewhere, no frame around them.
 *
 * @param formTargets origins that a form's redirects may end at, beside this one: browsers check
 *   the whole chain against `form-action`.
 */
export function contentSecurityPolicy(formTargets: readonly string[] = []): string {
  return [
    "default-src 'none'",
    // No source that matches anything, but a directive that is there: the library adds the hash
    // of its self-submitting form to it (response_mode=form_post).
    "script-src 'report-sample'",
    `style-src ${styleSource}`,
    'img-src data:',
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ['form-action', "'self'", ...formTargets].join(' '),
  ].join('; ')
}

/** Headers of every answer that a browser may show. */
export function setPageHeaders(ctx: Context, formTargets: readonly string[] = []): void {
  ctx.set({
    'Content-Security-Policy': contentSecurityPolicy(formTargets),
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  })
}

/** A page and how it is sent. */
export interface PageAnswer {
  status: number
  title: string
  body: Html
  /** URIs the page's form may lead to in the end. */
  formTargets?: readonly (string | undefined)[]
}

/** Answers with a page. */
export function sendPage(ctx: Context, host: string, answer: PageAnswer): void {
  const { status, title, body, formTargets = [] } = answer
  setPageHeaders(ctx, origins(formTargets))
  ctx.status = status
  ctx.type = 'html'
  ctx.body = renderPage({ title, host, body })
}

function origins(uris: readonly (string | undefined)[]): string[] {
  const parsed = uris.map((uri) => (uri === undefined ? undefined : URL.parse(uri)?.origin))
  return [
    ...new Set(parsed.filter((origin) => origin !== undefined && origin !== 'null')),
  ] as string[]
}
