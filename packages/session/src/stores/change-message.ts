import type { ChangeListener } from '../cache/change-feed.ts'
import type { SessionKey } from '../record.ts'

/**
 * Tells a listener what the stores' servers say: `<version> <key>` of a session, or
 * `mark <hash of its id>`. Anything else is of a later version.
 *
 * @param toKey reads a key as it is said there.
 */
export function tellChange(
  listener: ChangeListener,
  message: string,
  toKey = (said: string) => said as SessionKey,
): void {
  const [, version = '', said = ''] = /^(-1|\d{1,16}|mark) (.+)$/s.exec(message) ?? []
  if (version === 'mark') listener.marked(said)
  else if (version !== '') listener.changed({ key: toKey(said), version: Number(version) })
}
