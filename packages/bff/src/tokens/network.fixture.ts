import type { SessionStore } from '@sallyport/session'

/** What is between a process and the store. */
export interface Network {
  travel(what: string): Promise<void>
  /** Whether the store takes no request, and gives no answer, right now. */
  isDown(): boolean
}

/** A store at the other end of a network: each call takes its time there and back. */
export function overNetwork(store: SessionStore, { travel, isDown }: Network): SessionStore {
  const assertUp = () => {
    if (isDown()) throw new Error('the store is down')
  }
  const names = Object.keys(store) as (keyof SessionStore)[]
  const calls = names.map((name) => [
    name,
    async (...given: unknown[]) => {
      await travel(`${name} goes`)
      assertUp()
      const result: unknown = await (store[name] as (...all: unknown[]) => unknown)(...given)
      await travel(`${name} comes back`)
      assertUp()
      return result
    },
  ])
  return Object.fromEntries(calls)
}
