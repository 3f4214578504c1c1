import type { Awaitable } from '@sallyport/session'

/** Goes on with a value: at once when it is there, later when it is a promise. */
export function chain<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Turns a failure, thrown or rejected, into another. */
export function mapFailure<T>(
  work: () => Awaitable<T>,
  map: (cause: unknown) => Error,
): Awaitable<T> {
  const fail = (cause: unknown): never => {
    throw map(cause)
  }
  try {
    const value = work()
    return value instanceof Promise ? value.catch(fail) : value
  } catch (cause) {
    return fail(cause)
  }
}
