interface Turn {
  name: string
  /** The tab that asked. */
  owner: object
  run(): unknown
  fail(error: unknown): void
}

/** Web Locks of one browser: exclusive ones, that wait, are called off, or are taken. */
export function createLocks() {
  const held = new Map<string, Turn>()
  let waiting: Turn[] = []
  return { of, release }

  /** The locks as a tab sees them. */
  function of(owner: object) {
    return {
      request(
        name: string,
        { signal, steal }: { signal?: AbortSignal; steal?: boolean },
        callback: () => unknown,
      ): Promise<unknown> {
        return new Promise((resolve, reject) => {
          const turn: Turn = { name, owner, run, fail: reject }
          if (signal?.aborted) return reject(aborted())
          signal?.addEventListener('abort', () => {
            if (!waiting.includes(turn)) return
            waiting = waiting.filter((other) => other !== turn)
            reject(aborted())
          })
          if (steal) {
            held.get(name)?.fail(aborted())
            held.delete(name)
            waiting.unshift(turn)
          } else {
            waiting.push(turn)
          }
          queueMicrotask(grant)

          async function run() {
            try {
              resolve(await callback())
            } catch (error) {
              reject(error)
            }
            if (held.get(name) === turn) held.delete(name)
            grant()
          }
        })
      },
    }
  }

  /** All that a tab has or waits for. */
  function release(owner: object): void {
    waiting = waiting.filter((turn) => turn.owner !== owner)
    for (const [name, turn] of held) if (turn.owner === owner) held.delete(name)
    grant()
  }

  function grant(): void {
    for (const turn of [...waiting]) {
      if (held.has(turn.name)) continue
      waiting = waiting.filter((other) => other !== turn)
      held.set(turn.name, turn)
      turn.run()
    }
  }
}

function aborted(): DOMException {
  return new DOMException('called off', 'AbortError')
}
