/** Shares one pending call per key, so that parallel requests of a session renew a token once. */
export function singleFlight<V>(
  run: (key: string, ...rest: string[]) => Promise<V>,
): (key: string, ...rest: string[]) => Promise<V> {
  const pending = new Map<string, Promise<V>>()

  return (...key) => {
    const name = JSON.stringify(key)
    const running = pending.get(name)
    if (running) return running

    const started = run(...key).finally(() => pending.delete(name))
    pending.set(name, started)
    return started
  }
}
