import type { SessionKey } from '../record.ts'
import type { SessionStore } from '../store.ts'

/** One write, by whichever process. */
export interface SessionChange {
  readonly key: SessionKey
  /** The version that is stored now; `-1`: the session was ended. */
  readonly version: number
}

/** Who wants to know of changes. */
export interface ChangeListener {
  changed(change: SessionChange): void
  /** From now on every change is told, within moments. Until this is called, none may be. */
  live(): void
  /** Changes may be missed from now on, and the last of them already were. */
  lost(): void
}

/** A store that many processes share, and that tells each of them what the others do. */
export interface ObservableSessionStore extends SessionStore {
  /**
   * Tells a listener of every change, its own process's included. A connection that is lost is
   * made again.
   *
   * @returns the function that ends it.
   */
  onChange(listener: ChangeListener): () => void
}
