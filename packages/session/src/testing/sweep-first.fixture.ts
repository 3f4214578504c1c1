import type { SessionStore } from '../store.ts'

/** A store that removes what is over before each call, as its timer might. */
export function sweepFirst(store: SessionStore & { sweep(): unknown }): SessionStore {
  const methods = Object.entries(store).map(([name, method]) => [
    name,
    name === 'close'
      ? method
      : async (...given: unknown[]) => {
          await store.sweep()
          return method(...given)
        },
  ])
  return Object.fromEntries(methods)
}
