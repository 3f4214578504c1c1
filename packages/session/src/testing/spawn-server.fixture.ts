import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Starts a server that ends with the test's process, however that ends. */
export function spawnServer(
  program: string,
  argv: readonly string[],
  asUser: readonly string[] = [],
): ChildProcess {
  const tied =
    process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', ...asUser] : [...asUser]
  const [first = program, ...rest] = [...tied, program, ...argv]
  return spawn(first, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** A port, and one 10000 higher for the bus of a cluster, on which nobody listens. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as { port: number }
    probe.close()
    await once(probe, 'close')
    if (port <= 55_000) return port
  }
}
