import type { SessionKey } from '../record.ts'
import type { PromisedSessionStore } from '../store.ts'

/** One write of a session, by whichever process. */
export interface SessionChange {
  readonly key: SessionKey
  /** The version that is stored now; `-1`: the session was ended. */
  readonly version: number
}

/** Who wants to know of changes. */
export interface ChangeListener {
  changed(change: SessionChange): void
  /** @param idHash of the mark that was written: SHA-256 of its id, base64url. */
  marked(idHash: string): void
  /** From now on every change is told, within moments. Until this is called, none may be. */
  live(): void
  /** Changes may be missed from now on, and the last of them already were. */
  lost(): void
}

/** A store that many processes share, and that tells each of them what the others do. */
export interface ObservableSessionStore extends PromisedSessionStore {
  /**
   * Tells a listener of every change, its own process's included. A connection that is lost is
   * made again.
   *
   * @returns the function that ends it.
   */
  onChange(listener: ChangeListener): () => void
}
