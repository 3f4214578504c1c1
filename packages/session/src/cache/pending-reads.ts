/** A call to the store whose result may be kept, if nothing newer is heard of until it comes. */
export interface PendingRead {
  /** Whether a result of this version may be kept. */
  allows(version: number): boolean
  end(): void
}

/** The calls under way: news overtakes answers, and an old answer must not be kept. */
export interface PendingReads<Key> {
  begin(key: Key): PendingRead
  /** A key has this version now, or a later one; `-1`: its session was ended. */
  noteVersion(key: Key, version: number): void
  /** Whatever is under way for a key is not to be kept. */
  spoil(key: Key): void
  spoilAll(): void
}

interface State {
  /** No result of an earlier version may be kept. */
  earliest: number
}

export function createPendingReads<Key>(): PendingReads<Key> {
  const states = new Map<Key, Set<State>>()

  return {
    begin(key) {
      const state: State = { earliest: 0 }
      const siblings = states.get(key) ?? new Set()
      states.set(key, siblings.add(state))
      return {
        allows: (version) => version >= state.earliest,
        end() {
          siblings.delete(state)
          if (siblings.size === 0) states.delete(key)
        },
      }
    },

    noteVersion(key, version) {
      for (const state of states.get(key) ?? []) {
        state.earliest = Math.max(state.earliest, version === -1 ? Infinity : version)
      }
    },

    spoil(key) {
      for (const state of states.get(key) ?? []) state.earliest = Infinity
    },

    spoilAll() {
      for (const siblings of states.values()) {
        for (const state of siblings) state.earliest = Infinity
      }
    },
  }
}
