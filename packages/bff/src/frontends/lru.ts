/** A map of bounded size, from which goes first what was used longest ago. */
export interface Lru<T> {
  get(key: string): T | undefined
  /** @returns what had to go for it. */
  set(key: string, value: T): T | undefined
  /** @returns what was there. */
  delete(key: string): T | undefined
  values(): T[]
}

export function createLru<T>(most: number): Lru<T> {
  const kept = new Map<string, T>()

  function take(key: string): T | undefined {
    const value = kept.get(key)
    kept.delete(key)
    return value
  }

  return {
    get(key) {
      const value = take(key)
      if (value !== undefined) kept.set(key, value)
      return value
    },

    set(key, value) {
      kept.delete(key)
      kept.set(key, value)
      const [oldest] = kept.keys()
      return kept.size > most && oldest !== undefined ? take(oldest) : undefined
    },

    delete: take,
    values: () => [...kept.values()],
  }
}
