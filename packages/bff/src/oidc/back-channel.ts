import type { IssuerConfig } from '../options/issuer-options.ts'

/** Where the issuer is for browsers, and where it is for us. */
export type IssuerPlaces = Pick<IssuerConfig, 'issuer' | 'issuerInternalUrl'>

/**
 * Where a URL of the issuer's is to be asked: what lies below the issuer's URL below the internal
 * one, other paths of its origin at the internal origin, and other origins where they are.
 */
export function toInternal(url: URL, { issuer, issuerInternalUrl }: IssuerPlaces): URL {
  return issuerInternalUrl ? moved(url, issuer, issuerInternalUrl) : url
}

/** The reverse, for what browsers open: an issuer may name its places by how it was asked. */
export function toPublic(url: URL, { issuer, issuerInternalUrl }: IssuerPlaces): URL {
  return issuerInternalUrl ? moved(url, issuerInternalUrl, issuer) : url
}

/** Whether a URL is safe to ask: https, or http to a place that the options name with http. */
export function isSafe(url: URL, { issuer, issuerInternalUrl }: IssuerPlaces): boolean {
  if (url.protocol === 'https:') return true
  return [issuer, issuerInternalUrl].some((place) => place?.origin === url.origin)
}

function moved(url: URL, from: URL, to: URL): URL {
  if (url.origin !== from.origin) return url
  const [below, start] = [withSlash(from.pathname), withSlash(to.pathname)]
  const isBelow = withSlash(url.pathname).startsWith(below)
  const path = isBelow ? `${start}${url.pathname.slice(below.length)}` : url.pathname
  return new URL(`${path}${url.search}`, to.origin)
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`
}
