import { onTestFinished } from 'vitest'
import { createCachedStore } from '../cache/cached-store.ts'
import type { ChangeListener, ObservableSessionStore } from '../cache/change-feed.ts'
import { createMemoryStore } from '../stores/memory.ts'

/** Memory, whose answers wait until a test lets them through, and a feed that it speaks on. */
export function createSlowStore() {
  const memory = createMemoryStore()
  const waiting: Array<() => void> = []
  let listener: ChangeListener | undefined
  const later = <T>(result: T) => new Promise<T>((resolve) => waiting.push(() => resolve(result)))
  const store: ObservableSessionStore = {
    get: (...given) => later(memory.get(...given)),
    put: (...given) => later(memory.put(...given)),
    delete: (...given) => later(memory.delete(...given)),
    deleteAll: (...given) => later(memory.deleteAll(...given)),
    mark: (...given) => later(memory.mark(...given)),
    marks: (...given) => later(memory.marks(...given)),
    find: async (...given) => memory.find(...given),
    claim: async (...given) => memory.claim(...given),
    putTask: async (...given) => memory.putTask(...given),
    takeTasks: async (...given) => memory.takeTasks(...given),
    removeTask: async (...given) => memory.removeTask(...given),
    close: async () => memory.close(),
    onChange(given) {
      listener = given
      return () => {}
    },
  }
  const cached = createCachedStore(store)
  onTestFinished(() => cached.close())
  const feed = listener as ChangeListener
  feed.live()
  return {
    memory,
    cached,
    feed,
    /** The call made last is answered first. */
    async answer() {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        next()
        await new Promise(setImmediate)
      }
    },
  }
}
