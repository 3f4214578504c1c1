import type { EpochSeconds } from '@sallyport/core'
import type { SessionRecord } from '@sallyport/session'
import type { SessionContent } from './session.ts'

/** Contents of sessions that were opened lately, so that not each request opens its own anew. */
export interface OpenedContents {
  /** What the record's seal holds, if just this seal was opened before. */
  get(record: SessionRecord): SessionContent | undefined
  /** Keeps what a record's seal holds, unless opening it takes the cookie's half of the key. */
  keep(record: SessionRecord, content: SessionContent): void
}

export interface OpenedContentsBounds {
  /** Bytes of contents and seals, to about a tenth. @defaultValue 64 MiB */
  mostBytes?: number
  /** Seconds after which a content that nobody asked for is dropped, to twice as many. @defaultValue 60 */
  time?: number
}

interface Opened {
  readonly sealed: string
  readonly content: SessionContent
}

/** What a content weighs beside its text: objects, and its place in a table. */
const overheadBytes = 1024

/**
 * Creates a bounded memory of opened contents. The store is asked at each request all the same, so
 * a session that is over is none: what is found here is used for the very seal that lies there now
 * and for no other, whatever key or version it has.
 *
 * Two generations take turns: what was asked for in neither of them is gone.
 */
export function createOpenedContents(
  clock: () => EpochSeconds,
  { mostBytes = 64 * 1024 * 1024, time = 60 }: OpenedContentsBounds = {},
): OpenedContents {
  let young = new Map<string, Opened>()
  let old = new Map<string, Opened>()
  let youngBytes = 0
  let bornAt = clock()

  function add(key: string, opened: Opened): void {
    const bytes = overheadBytes + opened.sealed.length * 2
    if (youngBytes + bytes > mostBytes / 2) age()
    youngBytes += bytes
    young.set(key, opened)
  }

  function age(): void {
    old = young
    young = new Map()
    youngBytes = 0
    bornAt = clock()
  }

  return {
    get({ key, sealed }) {
      const now = clock()
      // A clock that was set back makes contents younger than they are: then they are let go too.
      if (now - bornAt >= time || now < bornAt) age()
      const known = young.get(key)
      if (known) return known.sealed === sealed ? known.content : undefined
      const older = old.get(key)
      if (older?.sealed !== sealed) return undefined
      add(key, older)
      return older.content
    },

    keep({ key, sealed }, content) {
      // Whoever splits seals wants them opened by the cookie each time, not by us.
      if (sealed.includes('~')) return
      add(key, { sealed, content })
    },
  }
}
