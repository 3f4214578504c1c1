/** Shares one pending call per key, so that parallel requests of a session renew a token once. */
export function singleFlight<Arguments extends readonly unknown[], Value>(
  run: (...given: Arguments) => Promise<Value>,
  toKey: (...given: Arguments) => readonly string[],
): (...given: Arguments) => Promise<Value> {
  const pending = new Map<string, Promise<Value>>()

  return (...given) => {
    const name = JSON.stringify(toKey(...given))
    const running = pending.get(name)
    if (running) return running

    const started = run(...given).finally(() => pending.delete(name))
    pending.set(name, started)
    return started
  }
}
