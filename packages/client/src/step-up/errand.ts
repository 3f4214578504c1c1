/** The one request of a tab for which somebody was sent to sign in. */
export interface Errand {
  /** Path and query of the request. */
  path: string
  /** Whether the page was told of it after its return, to try again. */
  isTaken: boolean
}

export type ErrandStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** Who comes back later does not expect that anything goes on by itself. */
const keptMs = 600_000

/** What a tab remembers of an errand over the sign-in: in its own storage, which others do not see. */
export function createErrands(storage: ErrandStorage, basePath: string) {
  const key = `sallyport:${basePath}:step-up`
  return {
    read(): Errand | undefined {
      const [, mark, leftAtMs, path] = /^([?!])(\d+) (\/.*)$/.exec(storage.getItem(key) ?? '') ?? []
      if (path === undefined || Date.now() - Number(leftAtMs) > keptMs) return undefined
      return { path, isTaken: mark === '!' }
    },
    write({ path, isTaken }: Errand): void {
      storage.setItem(key, `${isTaken ? '!' : '?'}${Date.now()} ${path}`)
    },
    remove: () => storage.removeItem(key),
  }
}
