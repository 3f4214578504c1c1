import type { Clock } from './clock.ts'

/** A bounded memory of what was used lately, by key. */
export interface Generations<Value> {
  get(key: string): Value | undefined
  /** @param bytes what the value weighs, to about a tenth. */
  keep(key: string, value: Value, bytes: number): void
}

export interface GenerationsOptions {
  clock: Clock
  /** Bytes of all values together. */
  mostBytes: number
  /** Seconds after which a value that nobody asked for is dropped, to twice as many. */
  time: number
}

interface Kept<Value> {
  readonly value: Value
  readonly bytes: number
}

/**
 * Creates a memory of two generations that take turns: the young one becomes the old one when it
 * is full, or old enough, and what was asked for in neither of them is gone. So a look costs one
 * or two of a table, and nothing is moved about in a list.
 */
export function createGenerations<Value>(options: GenerationsOptions): Generations<Value> {
  const { clock, mostBytes, time } = options
  let young = new Map<string, Kept<Value>>()
  let old = new Map<string, Kept<Value>>()
  let youngBytes = 0
  let bornAt = clock()

  function keep(key: string, kept: Kept<Value>): void {
    if (youngBytes + kept.bytes > mostBytes / 2) age()
    youngBytes += kept.bytes
    young.set(key, kept)
  }

  function age(): void {
    old = young
    young = new Map()
    youngBytes = 0
    bornAt = clock()
  }

  return {
    get(key) {
      const now = clock()
      // A clock that was set back makes values younger than they are: then they are let go too.
      if (now - bornAt >= time || now < bornAt) age()
      const known = young.get(key)
      if (known) return known.value
      const older = old.get(key)
      if (older) keep(key, older)
      return older?.value
    },

    keep: (key, value, bytes) => keep(key, { value, bytes }),
  }
}
