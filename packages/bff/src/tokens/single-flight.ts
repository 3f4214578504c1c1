/** Shares one pending call per key, so that parallel requests of a session renew a token once. */
export function singleFlight<Key extends readonly string[], Value>(
  run: (...key: Key) => Promise<Value>,
): (...key: Key) => Promise<Value> {
  const pending = new Map<string, Promise<Value>>()

  return (...key) => {
    const name = JSON.stringify(key)
    const running = pending.get(name)
    if (running) return running

    const started = run(...key).finally(() => pending.delete(name))
    pending.set(name, started)
    return started
  }
}
