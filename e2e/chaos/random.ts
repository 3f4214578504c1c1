/** Random choices that are the same each time for one seed. */
export interface Random {
  /** From 0 up to, but not including, 1. */
  fraction(): number
  /** A number between two others. */
  between(least: number, most: number): number
  pick<Item>(items: readonly [Item, ...Item[]]): Item
  /** Choices of its own, for somebody whose pace must not change everybody else's. */
  fork(): Random
}

/** Creates the choices of a seed: mulberry32, which is enough to pick faults. Not for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  const fraction = () => next() / 2 ** 32
  return {
    fraction,
    between: (least, most) => least + fraction() * (most - least),
    pick: (items) => items[Math.floor(fraction() * items.length)] as (typeof items)[0],
    fork: () => createRandom(next()),
  }
}
