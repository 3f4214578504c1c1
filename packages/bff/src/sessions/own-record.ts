import type { SessionRecord } from '@sallyport/session'
import type { BffConfig } from '../options.ts'

/**
 * Whether a session belongs to this frontend as it is configured now. One of another issuer does
 * not, also when the configuration named it once: its refresh token is for that issuer alone.
 */
export function isOwnRecord(
  { frontend, issuer }: Pick<SessionRecord, 'frontend' | 'issuer'>,
  config: Pick<BffConfig, 'frontend' | 'issuer'>,
): boolean {
  if (frontend !== config.frontend) return false
  const { href, origin } = config.issuer
  // Most say it as the URL does, or leave out the slash of an origin: no URL is made of those.
  if (issuer === href || (issuer === origin && href === `${origin}/`)) return true
  return URL.parse(issuer)?.href === href
}
