import { fingerprintOf } from './fingerprint.ts'

/** Files, by absolute path, with the fingerprint each had before it was read. */
export type SeenFiles = ReadonlyMap<string, string>

/** What to watch, and what to do about it. */
export interface WatchOptions {
  /** The files as they were last read; asked for anew each time. */
  seen(): SeenFiles
  /** Reads them again. Must not reject. */
  onChange(): Promise<unknown>
  /** @defaultValue 1000 */
  intervalMs?: number
}

/**
 * Looks at files again and again, and says so when any has changed and all have then been left
 * alone for one interval: several that change together are one change, and nobody's half-written
 * file is read. Looking is what works everywhere: under names that are swapped, links that are
 * turned, and on file systems of other machines.
 *
 * @returns the function that stops it
 */
export function watchFiles({ seen, onChange, intervalMs = 1000 }: WatchOptions): () => void {
  let timer: NodeJS.Timeout
  let isStopped = false
  let pending: string | undefined

  async function look(): Promise<void> {
    const files = seen()
    const now = await Promise.all([...files.keys()].map(fingerprintOf))
    const state = now.join('\n')
    const isChanged = state !== [...files.values()].join('\n')
    const isSettled = isChanged && state === pending
    pending = isChanged && !isSettled ? state : undefined
    if (isSettled && !isStopped) await onChange()
    schedule()
  }

  function schedule(): void {
    if (isStopped) return
    timer = setTimeout(() => void look(), intervalMs).unref()
  }

  schedule()
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}
