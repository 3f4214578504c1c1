import { expect } from 'vitest'

/** Expects of something that it becomes so: soon, or on a busy machine not quite so soon. */
export function eventually<Value>(read: () => Value | Promise<Value>, timeoutMs = 15_000) {
  return expect.poll(read, { timeout: timeoutMs })
}
