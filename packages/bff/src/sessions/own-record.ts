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
  return frontend === config.frontend && URL.parse(issuer)?.href === config.issuer.href
}
