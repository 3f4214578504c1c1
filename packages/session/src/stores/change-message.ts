import type { SessionChange } from '../cache/change-feed.ts'
import type { SessionKey } from '../record.ts'

/** Reads `<version> <key>`, as the stores' servers say it; `undefined` for anything else. */
export function parseChange(message: string): SessionChange | undefined {
  const [, version, key] = /^(-1|\d{1,16}) (.+)$/s.exec(message) ?? []
  if (version === undefined || key === undefined) return undefined
  return { key: key as SessionKey, version: Number(version) }
}
