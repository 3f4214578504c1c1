import type { BffConfig } from './options.ts'
import { canonicalPath } from './target.ts'

/** Longest return URL: a transaction cookie must hold it. */
const longest = 1024

const ownEndpoints = /^\/bff(?:\/|$)/i

/**
 * Resolves where to go after a sign-in or sign-out, and keeps it on our origin (RFC 9700 section
 * 4.11.1).
 *
 * Only a path below the frontend's base with query and fragment in visible ASCII is taken: no other origin's URL, no
 * backslash, no control or Unicode character, nothing that resolves to `//`, and none of the BFF's
 * own endpoints, which would loop or sign out.
 *
 * @returns the whole URL, or `undefined` when it is refused.
 */
export function resolveReturnUrl(
  target: string,
  { publicUrl, basePath }: Pick<BffConfig, 'publicUrl' | 'basePath'>,
): URL | undefined {
  if (target.length > longest || !/^\/(?!\/)[\x21-\x5B\x5D-\x7E]*$/.test(target)) return undefined
  if (!URL.canParse(target, publicUrl.href)) return undefined
  const resolved = new URL(target, publicUrl.href)
  const isOwn = resolved.origin === publicUrl.origin && !resolved.pathname.startsWith('//')
  if (!isOwn || !isCanonicalPage(target, basePath)) return undefined
  return resolved
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
