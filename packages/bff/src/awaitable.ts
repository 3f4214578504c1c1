import type { Awaitable } from '@sallyport/session'

/** Goes on with a value: at once when it is there, later when it is a promise. */
export function chain<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
