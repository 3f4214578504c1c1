import { type Clock, createGenerations } from '@sallyport/core'
import type { SessionRecord } from '@sallyport/session'
import type { SessionContent } from './session.ts'

/** Contents of sessions that were opened lately, so that not each request opens its own anew. */
export interface OpenedContents {
  /** What the record's seal holds, if just this seal was opened before. */
  get(record: SessionRecord): SessionContent | undefined
  /** Keeps what a record's seal holds, unless opening it takes the cookie's half of the key. */
  keep(record: SessionRecord, content: SessionContent): void
}

/** Tokens of so many bytes, and for so many seconds after they were last used, lie open in memory. */
const bounds = { mostBytes: 64 * 1024 * 1024, time: 60 }
/** What a content weighs beside its text: objects, and its place in a table. */
const overheadBytes = 1024

/**
 * Creates a bounded memory of opened contents. The store is asked at each request all the same, so
 * a session that is over is none: what is found here is used for the very seal that lies there now
 * and for no other, whatever key or version it has.
 */
export function createOpenedContents(clock: Clock): OpenedContents {
  const opened = createGenerations<{ sealed: string; content: SessionContent }>({
    ...{ clock, ...bounds },
  })

  return {
    get({ key, sealed }) {
      const known = opened.get(key)
      return known?.sealed === sealed ? known.content : undefined
    },

    keep({ key, sealed }, content) {
      // Whoever splits seals wants them opened by the cookie each time, not by us.
      if (sealed.includes('~')) return
      opened.keep(key, { sealed, content }, overheadBytes + sealed.length * 2)
    },
  }
}
