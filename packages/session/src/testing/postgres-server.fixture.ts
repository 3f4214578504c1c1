import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, type QueryResult } from 'pg'
import { runProgram } from './run-program.fixture.ts'
import { findFreePort, spawnServer } from './spawn-server.fixture.ts'

/** A real PostgreSQL server on a free port of the loopback, with a data folder of its own. */
export interface PostgresTestServer {
  readonly url: string
  /** Sends it a statement directly, past every store. */
  query(text: string): Promise<QueryResult>
  /** Does something while nobody else may touch a table. */
  whileLocked<T>(table: string, action: () => Promise<T>): Promise<T>
  /** SIGSTOP to each of its processes: it hangs, and its connections stay open. */
  pause(): void
  resume(): void
  /** SIGKILL to each of its processes, and waits for the end. */
  kill(): Promise<void>
  /** Starts it again, on the same port and data. */
  restart(): Promise<void>
  /** Starts it again, as a standby of nobody. */
  restartAsStandby(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

/** PostgreSQL refuses to run as root. */
const asUser =
  process.getuid?.() === 0
    ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups']
    : []

export async function startPostgresServer(): Promise<PostgresTestServer> {
  const programs = findPrograms()
  const port = await findFreePort()
  const url = `postgres://sallyport@127.0.0.1:${port}/postgres`
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-postgres-'))
  const data = join(folder, 'data')
  if (asUser.length > 0) runProgram('chown', ['postgres', folder])
  const superuser = ['--username=sallyport', '--auth=trust', '--encoding=UTF8', '--locale=C']
  runAsUser([join(programs, 'initdb'), `--pgdata=${data}`, ...superuser, '--no-sync'])
  let server = await startProcess()

  async function startProcess(): Promise<ChildProcess> {
    const settings = {
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      // What a killed process wrote is in the page cache: these tests cut no power.
      fsync: 'off',
      shared_buffers: '16MB',
    }
    const argv = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawnServer(join(programs, 'postgres'), ['-D', data, ...argv], asUser)
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    for (;;) {
      // The memory of killed processes goes a moment after they do.
      if (child.exitCode !== null && said.includes('shared memory block')) return startProcess()
      if (child.exitCode !== null) throw new Error(`postgres ended: ${said}`)
      try {
        await query('select 1')
        return child
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  function query(text: string): Promise<QueryResult> {
    return useClient((client) => client.query(text))
  }

  async function useClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: url })
    client.on('error', () => {})
    await client.connect()
    try {
      return await use(client)
    } finally {
      await client.end()
    }
  }

  /**
   * The one that was started is stopped first, so that it starts no other meanwhile; and its
   * children are listed before it goes, for then nobody knows them any more.
   */
  function signalAll(signal: NodeJS.Signals): void {
    const pid = server.pid as number
    if (signal === 'SIGSTOP') process.kill(pid, signal)
    const all = [pid, ...childrenOf(pid)]
    for (const one of all) process.kill(one, signal)
  }

  async function kill(): Promise<void> {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    signalAll('SIGSTOP')
    signalAll('SIGKILL')
    await ended
  }

  return {
    url,
    query,
    whileLocked: (table, action) =>
      useClient(async (client) => {
        await client.query(`begin; lock table ${table}`)
        return action()
      }),
    kill,
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    async restart() {
      server = await startProcess()
    },
    async restartAsStandby() {
      writeFileSync(join(data, 'standby.signal'), '')
      server = await startProcess()
    },
    async stop() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** `postgres` is called in the very process that was started, so its children are the server's. */
function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return children.split(' ').filter(Boolean).map(Number)
}

function runAsUser(words: readonly string[]): void {
  const [program = '', ...argv] = [...asUser, ...words]
  runProgram(program, argv)
}

/** Debian keeps the programs of a server out of the PATH. */
function findPrograms(): string {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root) : []
  const folders = versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(root, version, 'bin'))
  const found = folders.find((folder) => existsSync(join(folder, 'initdb')))
  if (!found) throw new Error('PostgreSQL is not installed: run node tools/servers.ts')
  return found
}
