import type { Mark } from '../mark.ts'

/** What is known of marks, bounded; what was used longest ago goes first. */
export interface MarkLru {
  /** `undefined`: nothing is known, or it was read before `notBeforeMs`. */
  get(idHash: string, notBeforeMs: number): KnownMark | undefined
  set(idHash: string, known: KnownMark): void
  delete(idHash: string): void
  clear(): void
}

/** That an id has a mark, or that it has none. */
export interface KnownMark {
  readonly mark: Mark | undefined
  /** When its reading began. */
  readonly readAtMs: number
}

export function createMarkLru(maxEntries: number): MarkLru {
  // A Map keeps the order in which keys were set: the first is the one used longest ago.
  const entries = new Map<string, KnownMark>()

  return {
    get(idHash, notBeforeMs) {
      const known = entries.get(idHash)
      if (!known) return undefined
      entries.delete(idHash)
      if (known.readAtMs < notBeforeMs) return undefined
      entries.set(idHash, known)
      return known
    },

    set(idHash, known) {
      entries.delete(idHash)
      entries.set(idHash, known)
      const [oldest] = entries.keys()
      if (entries.size > maxEntries && oldest !== undefined) entries.delete(oldest)
    },

    delete: (idHash) => void entries.delete(idHash),
    clear: () => entries.clear(),
  }
}
