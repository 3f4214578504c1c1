/**
 * A process of its own for lmdb-processes.test.ts: `lmdb.child.ts <job> <folder> <name>`.
 * Says each step on stdout at once, so that what was said was done when the process is killed.
 */
import { writeSync } from 'node:fs'
import type { SallyportError } from '@sallyport/core'
import type { SessionKey, SessionRecord } from '../record.ts'
import { createLmdbStore, type LmdbStore } from './lmdb.ts'

/** What a child says, a JSON line each. */
export type Report =
  | { said: 'putting' | 'put'; key: string; version: number }
  | { said: 'deleting' | 'deleted'; key: string }
  | { said: 'taken'; id: string }
  | { said: 'seen'; reads: number; sessions: number }
  | { said: 'counted'; increments: number }
  | { said: 'refused'; code: string; message: string; written: number; readable: boolean }
  | { said: 'ready' | 'stuck' }

/** A record whose every byte can be checked: a torn one could not agree with itself. */
export function selfCheckingRecord(key: string, version: number): SessionRecord {
  const createdAt = Math.floor(Date.now() / 1000)
  return {
    key: key as SessionKey,
    version,
    frontend: 'shop',
    issuer: 'https://issuer.example',
    subject: key.split('/')[0] as string,
    createdAt,
    absoluteExpiresAt: createdAt + 36_000,
    expiresAt: createdAt + 3600,
    sealed: sealedFor(key, version),
  }
}

/** What {@link selfCheckingRecord} has as `sealed`: 300 to 9000 bytes. */
export function sealedFor(key: string, version: number): string {
  const unit = `${key}@${version};`
  return unit.repeat(Math.ceil(300 / unit.length) * (1 + ((key.length * 7 + version * 13) % 30)))
}

/** Rounds of create, update and (for each third session) delete, eight at a time, until killed. */
async function writeUntilKilled(store: LmdbStore, name: string): Promise<void> {
  let next = 0
  const lane = async () => {
    for (;;) {
      const number = next++
      const key = `${name}/${number}`
      for (let version = 1; version <= 3; version++) {
        say({ said: 'putting', key, version })
        if (!(await store.put(selfCheckingRecord(key, version)))) throw new Error(`${key} refused`)
        say({ said: 'put', key, version })
      }
      if (number % 3 !== 0) continue
      say({ said: 'deleting', key })
      await store.delete(key as SessionKey)
      say({ said: 'deleted', key })
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
}

/** Reads the sessions named on stdin, over and over, until stdin ends. */
async function readUntilTold(store: LmdbStore): Promise<void> {
  let keys: string[] = []
  let told = false
  let text = ''
  process.stdin.setEncoding('utf8')
  process.stdin.on('data', (chunk) => {
    text += chunk
    const lines = text.split('\n')
    text = lines.pop() as string
    keys = [...keys, ...lines].slice(-400)
  })
  process.stdin.on('end', () => {
    told = true
  })
  say({ said: 'ready' })
  let reads = 0
  let sessions = 0
  while (!told) {
    for (const key of keys) {
      const record = store.get(key as SessionKey)
      reads += 1
      if (!record) continue
      sessions += 1
      if (record.sealed !== sealedFor(key, record.version)) throw new Error(`${key} is torn`)
    }
    await new Promise(setImmediate)
  }
  say({ said: 'seen', reads, sessions })
}

/** Increments one session's version until it has won often enough. */
async function count(store: LmdbStore, key: string): Promise<void> {
  let increments = 0
  while (increments < 250) {
    const record = store.get(key as SessionKey)
    if (!record) throw new Error('the counter is gone')
    if (await store.put({ ...record, version: record.version + 1 })) increments += 1
  }
  say({ said: 'counted', increments })
}

/** Takes tasks, each for as long as the test lasts, until none is due. */
async function take(store: LmdbStore): Promise<void> {
  for (;;) {
    const tasks = await store.takeTasks({ limit: 7, leaseTime: 3600 })
    for (const { id } of tasks) say({ said: 'taken', id })
    if (tasks.length === 0) return
  }
}

/** Starts writes, and then never again gives its event loop a turn. */
async function getStuck(store: LmdbStore): Promise<void> {
  for (let number = 0; number < 100; number++) {
    store.put(selfCheckingRecord(`stuck/${number}`, 1)).catch(() => {})
  }
  await new Promise(setImmediate)
  say({ said: 'stuck' })
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** Writes until the disk is full, and then looks whether what was written can be read. */
async function fill(store: LmdbStore): Promise<void> {
  let written = 0
  const key = (number: number) => `fill/${number}`
  try {
    for (; written < 10_000; written++) await store.put(selfCheckingRecord(key(written), 1))
  } catch (error) {
    const { code, message } = error as SallyportError
    const readable = store.get(key(written - 1) as SessionKey) !== undefined
    await store.delete(key(0) as SessionKey).catch(() => {})
    say({ said: 'refused', code, message, written, readable })
  }
}

function say(report: Report): void {
  writeSync(1, `${JSON.stringify(report)}\n`)
}

const jobs: Record<string, (store: LmdbStore, name: string) => Promise<void>> = {
  write: writeUntilKilled,
  read: readUntilTold,
  count,
  take,
  stuck: getStuck,
  fill,
}

if (import.meta.main) {
  const [job, folder, name] = process.argv.slice(2) as [string, string, string]
  const store = createLmdbStore({ folder })
  await jobs[job]?.(store, name)
  await store.close()
}
