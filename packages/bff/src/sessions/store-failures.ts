import { SallyportError } from '@sallyport/core'
import type { Awaitable, SessionStore } from '@sallyport/session'

/** The store without its end, which is its owner's. */
export type OpenStore = Omit<SessionStore, 'close'>

/** A store whose failures, thrown or rejected, are all `ERR_SESSION_STORE_UNAVAILABLE`. */
export function withStoreFailures(store: SessionStore): OpenStore {
  return {
    get: (key) => attempt(() => store.get(key)),
    put: (record) => attempt(() => store.put(record)),
    delete: (key) => attempt(() => store.delete(key)),
    deleteAll: (filter) => attempt(() => store.deleteAll(filter)),
    find: (filter, page) => attempt(() => store.find(filter, page)),
    claim: (id, expiresAt) => attempt(() => store.claim(id, expiresAt)),
    mark: (id, mark) => attempt(() => store.mark(id, mark)),
    marks: (ids) => attempt(() => store.marks(ids)),
    putTask: (task) => attempt(() => store.putTask(task)),
    takeTasks: (take) => attempt(() => store.takeTasks(take)),
    removeTask: (id) => attempt(() => store.removeTask(id)),
  }
}

/** An error that says that sessions cannot be read or written right now. */
export function storeFailure(cause: unknown): SallyportError {
  const message = 'the session store failed'
  return new SallyportError('ERR_SESSION_STORE_UNAVAILABLE', message, { cause })
}

function attempt<T>(work: () => Awaitable<T>): Awaitable<T> {
  const fail = (cause: unknown): never => {
    throw storeFailure(cause)
  }
  try {
    const value = work()
    return value instanceof Promise ? value.catch(fail) : value
  } catch (cause) {
    return fail(cause)
  }
}
