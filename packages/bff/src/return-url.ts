import type { BffConfig } from './options.ts'
import { canonicalPath } from './target.ts'

/** Longest return URL: a transaction cookie must hold it. */
const longest = 1024

const ownEndpoints = /^\/bff(?:\/|$)/i

type Places = Pick<BffConfig, 'publicUrl' | 'basePath' | 'allowedOrigins' | 'applicationUrl'>

/**
 * Resolves where to go after a sign-in, and keeps it on our origin or an allowed one (RFC 9700
 * section 4.11.1).
 *
 * Only a path below the frontend's base, or a whole URL of an allowed origin, is taken, with query
 * and fragment in visible ASCII: no other origin's URL, no backslash, no control or Unicode
 * character, nothing that resolves to `//`, and none of the BFF's own endpoints, which would loop or
 * sign out.
 *
 * @returns the whole URL, or `undefined` when it is refused.
 */
export function resolveReturnUrl(
  target: string,
  { publicUrl, basePath, allowedOrigins }: Omit<Places, 'applicationUrl'>,
): URL | undefined {
  if (target.length > longest) return undefined
  const listed = allowedOrigins.find((origin) => target.startsWith(`${origin}/`))
  return listed === undefined
    ? resolvePage(target, publicUrl.origin, basePath)
    : resolvePage(target.slice(listed.length), listed, '')
}

/** The shortest text for a URL that was resolved: of ours the path, of others all of it. */
export function toReturnText(url: URL, { publicUrl }: Pick<Places, 'publicUrl'>): string {
  return url.origin === publicUrl.origin ? url.href.slice(url.origin.length) : url.href
}

/**
 * Reads back what {@link toReturnText} wrote, out of a seal. Which origins are allowed may have
 * changed meanwhile; in place of one that is not any more, it is the application's first page.
 */
export function fromReturnText(text: string, places: Places): URL {
  const { publicUrl, applicationUrl } = places
  if (text.startsWith('/')) return new URL(text, publicUrl)
  return resolveReturnUrl(text, places) ?? applicationUrl
}

function resolvePage(target: string, origin: string, basePath: string): URL | undefined {
  if (!/^\/(?!\/)[\x21-\x5B\x5D-\x7E]*$/.test(target)) return undefined
  if (!URL.canParse(target, origin)) return undefined
  const resolved = new URL(target, origin)
  const isThere = resolved.origin === origin && !resolved.pathname.startsWith('//')
  return isThere && isCanonicalPage(target, basePath) ? resolved : undefined
}

/** A path that means the same to every parser: ours, the browser's, a proxy's in between. */
function isCanonicalPage(target: string, basePath: string): boolean {
  const path = target.split(/[?#]/, 1)[0] as string
  try {
    const canonical = canonicalPath(path)
    const isBelow = canonical === basePath || canonical.startsWith(`${basePath}/`)
    return isBelow && !ownEndpoints.test(canonical.slice(basePath.length))
  } catch {
    return false
  }
}
