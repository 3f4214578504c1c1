import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@redis/client'
import { awaitCondition } from './await-condition.fixture.ts'
import { runProgram } from './run-program.fixture.ts'
import { findFreePort, spawnServer } from './spawn-server.fixture.ts'

/** A real Redis server on a free port of the loopback, with a data folder of its own. */
export interface RedisTestServer {
  readonly port: number
  readonly url: string
  /** Sends it a command directly, past every store. */
  command(...command: string[]): Promise<unknown>
  /** SIGSTOP: it hangs, and its connections stay open. */
  pause(): void
  resume(): void
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>
  /** Starts it again, on the same port and data. */
  restart(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

/** Starts a server that appends to its file; `extra` are further arguments. */
export async function startRedisServer(...extra: string[]): Promise<RedisTestServer> {
  const port = await findFreePort()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-redis-'))
  const url = `redis://127.0.0.1:${port}`
  let server = await startProcess()

  async function startProcess(): Promise<ChildProcess> {
    const settings = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes' }
    const argv = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`])
    const child = spawnServer('redis-server', [...argv, ...extra])
    child.stdout?.resume()
    child.stderr?.pipe(process.stderr)
    await waitUntilReady(child)
    return child
  }

  async function waitUntilReady(child: ChildProcess): Promise<void> {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`)
      try {
        await sendOnce(url, ['PING'])
        return
      } catch (error) {
        if (!/ECONNREFUSED|LOADING/.test(String(error))) throw error
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
  }

  async function kill(): Promise<void> {
    const ended = once(server, 'exit')
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGKILL')
    await ended
  }

  return {
    port,
    url,
    command: (...words) => sendOnce(url, words),
    kill,
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async restart() {
      server = await startProcess()
    },
    async stop() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Three masters that share the slots, without replicas. */
export async function startRedisCluster(): Promise<{
  nodes: RedisTestServer[]
  stop(): Promise<void>
}> {
  const cluster = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '60000']
  const nodes = await Promise.all([1, 2, 3].map(() => startRedisServer(...cluster)))
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
  runProgram('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'])
  for (const node of nodes) {
    await awaitCondition(async () =>
      /cluster_state:ok/.test(String(await node.command('CLUSTER', 'INFO'))),
    )
  }
  return {
    nodes,
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()))
    },
  }
}

/** A master, a replica of it, and a Sentinel that replaces one by the other. */
export async function startRedisSentinel(): Promise<{
  sentinelPort: number
  master: RedisTestServer
  stop(): Promise<void>
}> {
  const master = await startRedisServer('--repl-diskless-sync-delay', '0')
  const replica = await startRedisServer('--replicaof', `127.0.0.1 ${master.port}`)
  await awaitCondition(async () =>
    /master_link_status:up/.test(String(await replica.command('INFO', 'replication'))),
  )
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sentinel-'))
  const file = join(folder, 'sentinel.conf')
  const sentinelPort = await findFreePort()
  const settings = [
    `port ${sentinelPort}`,
    'bind 127.0.0.1',
    `sentinel monitor main 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds main 300',
    'sentinel failover-timeout main 2000',
  ]
  writeFileSync(file, settings.join('\n'))
  const sentinel = spawnServer('redis-server', [file, '--sentinel'])
  sentinel.stdout?.resume()
  const knowsReplica = /num-slaves.1\b/
  await awaitCondition(async () => {
    const address = `redis://127.0.0.1:${sentinelPort}`
    const answer = await sendOnce(address, ['SENTINEL', 'MASTER', 'main']).catch(() => '')
    return knowsReplica.test(JSON.stringify(answer).replaceAll(/[",:]+/g, '.'))
  })
  return {
    sentinelPort,
    master,
    async stop() {
      const ended = once(sentinel, 'exit')
      sentinel.kill('SIGKILL')
      await Promise.all([ended, master.stop(), replica.stop()])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function sendOnce(url: string, words: string[]): Promise<unknown> {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.sendCommand(words)
  } finally {
    client.destroy()
  }
}
