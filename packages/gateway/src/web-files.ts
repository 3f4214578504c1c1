import { existsSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { isNavigation } from '@sallyport/bff'
import type { ErrorCode } from '@sallyport/core'
import { type PassHandler, writeRespond } from '@sallyport/lanes'
import sirv from 'sirv'

/**
 * The page may load its own files and call its own origin, and nothing else; a frame of its own signs in
 * silently, by way of the issuer.
 */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Files are read, and nothing else. */
export const webMethods: readonly string[] = ['GET', 'HEAD']

/**
 * Serves a built single-page application: hashed files for ever, the rest revalidated, and
 * `index.html` for each address that a person opens. A script's request for something that is not
 * there gets a 404 problem, never a page.
 *
 * @param issuer where its frames may go besides.
 */
export function createWebFiles(folder: string | undefined, issuer = ''): PassHandler {
  if (folder === undefined) return (...asked) => refuse(asked, 'ERR_ROUTE_NOT_FOUND')
  const policy = `${contentPolicy}; frame-src 'self' ${URL.parse(issuer)?.origin ?? ''}`.trim()
  const serve = sirv(folder, {
    ...{ etag: true, dotfiles: false },
    setHeaders(response, path) {
      setHeaders(response, path)
      response.setHeader('content-security-policy', policy)
    },
  })

  return (request, response, decision) => {
    const refused = (code: ErrorCode) => refuse([request, response, decision], code)
    if (!webMethods.includes(request.method ?? '')) {
      return refused('ERR_METHOD_NOT_ALLOWED')
    }
    request.url = decision.path
    serve(request, response, () => {
      if (!isNavigation(request.rawHeaders)) return refused('ERR_ROUTE_NOT_FOUND')
      request.url = '/'
      serve(request, response, () => refused('ERR_ROUTE_NOT_FOUND'))
    })
  }
}

/** Whether a built application is in the folder. */
export function hasPage(folder: string): boolean {
  return existsSync(join(folder, 'index.html'))
}

function setHeaders(response: ServerResponse, path: string): void {
  const isHashed = path.startsWith('/assets/')
  response.setHeader('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('permissions-policy', 'camera=(), geolocation=(), microphone=()')
  response.setHeader('referrer-policy', 'same-origin')
  response.setHeader('x-content-type-options', 'nosniff')
}

function refuse([request, response, decision]: Parameters<PassHandler>, code: ErrorCode): void {
  writeRespond(decision.answerFailure(code), request, response)
}
