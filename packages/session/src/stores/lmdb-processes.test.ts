import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { SessionKey } from '../record.ts'
import { type Report, sealedFor, selfCheckingRecord } from './lmdb.child.ts'
import { createFolder } from './lmdb.fixture.ts'
import { createLmdbStore, type LmdbStore } from './lmdb.ts'

const issuer = 'https://issuer.example'

test('kill -9 loses nothing acknowledged, revives nothing deleted and tears nothing', async () => {
  const folder = createFolder()
  let reader: Child | undefined
  let acknowledged = 0
  let deletions = 0
  const end = Date.now() + 10_000
  for (let round = 0; round < 6 || (round < 10 && Date.now() < end); round++) {
    // Without a reader nobody has the environment open when the writers die: both must hold.
    if (round === 3) reader = await startChild('read', folder)
    const names = [`r${round}a`, `r${round}b`]
    const writers = await Promise.all(names.map((name) => startChild('write', folder, name)))
    const lifetimes = writers.map(async (writer) => {
      await writer.until((report) => report.said === 'put')
      if (reader) tellKeys(reader, writer)
      const moment = 10 + Math.random() * 1200
      await writer.until(() => writer.reports.length > moment)
      writer.process.kill('SIGKILL')
      await writer.exited
    })
    await Promise.all(lifetimes)

    const store = createLmdbStore({ folder })
    for (const writer of writers) {
      const fates = toFates(writer.reports)
      for (const [key, fate] of fates) await expectFate(store, key, fate)
      acknowledged += fates.size
      deletions += [...fates.values()].filter((fate) => fate.deleted).length
    }
    for (const name of names) await expectIndexComplete(store, name)
    await store.close()
  }
  expect(acknowledged).toBeGreaterThan(200)
  expect(deletions).toBeGreaterThan(50)

  reader?.process.stdin?.end()
  const seen = await reader?.until((report) => report.said === 'seen')
  expect(await reader?.exited).toEqual([0, null])
  expect(seen).toMatchObject({ sessions: expect.any(Number) })
  expect((seen as { sessions: number }).sessions).toBeGreaterThan(100)
}, 60_000)

test('two processes that count together lose no update', async () => {
  const folder = createFolder()
  const store = createLmdbStore({ folder })
  await store.put(selfCheckingRecord('counter', 1))
  const counters = await Promise.all([1, 2].map(() => startChild('count', folder, 'counter')))
  const exits = await Promise.all(counters.map((counter) => counter.exited))
  expect(exits).toEqual([
    [0, null],
    [0, null],
  ])
  expect(store.get('counter' as SessionKey)?.version).toBe(1 + 2 * 250)
  await store.close()
}, 60_000)

test('two processes that take tasks together take each once', async () => {
  const folder = createFolder()
  const store = createLmdbStore({ folder })
  const now = Math.floor(Date.now() / 1000)
  const task = { dueAt: now - 1, expiresAt: now + 7200, attempts: 0, sealed: '' }
  const ids = Array.from({ length: 1000 }, (_, index) => `task-${index}`)
  await Promise.all(ids.map((id) => store.putTask({ id, ...task })))
  const takers = await Promise.all([1, 2].map(() => startChild('take', folder)))
  await Promise.all(takers.map((taker) => taker.exited))
  const reports = takers.flatMap((taker) => taker.reports)
  const taken = reports.map((report) => ('id' in report ? report.id : ''))
  expect(taken.sort()).toEqual(ids.sort())
  await store.close()
}, 60_000)

test('a process that is stuck in the middle of writing does not stop the others', async () => {
  const folder = createFolder()
  const store = createLmdbStore({ folder })
  const stuck = await startChild('stuck', folder)
  await stuck.until((report) => report.said === 'stuck')
  const written = []
  for (let number = 0; number < 20; number++) {
    written.push(await store.put(selfCheckingRecord(`free/${number}`, 1)))
  }
  expect(written.every(Boolean)).toBe(true)
  expect(stuck.process.exitCode).toBeNull()
  await store.close()
}, 20_000)

test('a full disk is an error of the call, and not the end of the process', async () => {
  const child = await startChild('fill', createFolder(), '', { fileBlocks: 1000 })
  const report = await child.until(({ said }) => said === 'refused')
  expect(report).toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE', readable: true })
  expect((report as { message: string }).message).toMatch(/File too large/)
  expect((report as { written: number }).written).toBeGreaterThan(10)
  expect(await child.exited).toEqual([0, null])
}, 20_000)

test('what one process has acknowledged, another sees in the same turn', async () => {
  const folder = createFolder()
  const [here, there] = [createLmdbStore({ folder }), createLmdbStore({ folder })]
  const record = selfCheckingRecord('shared', 1)
  await here.put(record)
  expect(there.get(record.key)).toEqual(record)
  const versions: Array<number | undefined> = []
  for (let version = 2; version < 50; version++) {
    there.get(record.key)
    await here.put({ ...record, version })
    versions.push(there.get(record.key)?.version)
  }
  expect(versions).toEqual(Array.from({ length: 48 }, (_, index) => index + 2))
  await here.delete(record.key)
  expect(there.get(record.key)).toBeUndefined()
  expect(there.marks(['ended'])).toEqual([undefined])
  const mark = { at: record.createdAt, expiresAt: record.expiresAt, reason: 'logout' }
  await here.mark('ended', mark)
  expect(there.marks(['ended'])).toEqual([mark])
  await here.close()
  expect(await there.put(selfCheckingRecord('after the other closed', 1))).toBe(true)
  await there.close()
})

type ChildExtras = [name?: string, limits?: { fileBlocks: number }]

interface Child {
  process: ChildProcess
  reports: Report[]
  exited: Promise<[number | null, string | null]>
  /** Resolves with the latest report as soon as one, or what is there already, will do. */
  until(enough: (report: Report) => boolean): Promise<Report>
}

/** @param limits `fileBlocks`: a file may have so many blocks of 512 bytes, as on a small disk. */
async function startChild(job: string, folder: string, ...rest: ChildExtras): Promise<Child> {
  const [name = '', { fileBlocks = 'unlimited' } = {}] = rest
  const script = fileURLToPath(new URL('./lmdb.child.ts', import.meta.url))
  const argv = ['--conditions=sallyport-source', script, job, folder, name]
  const command = `ulimit -f ${fileBlocks} && exec "$0" "$@"`
  const child = spawn('sh', ['-c', command, process.execPath, ...argv], {
    // LMDB's binding writes to stderr itself when a disk is full.
    stdio: ['pipe', 'pipe', fileBlocks === 'unlimited' ? 'inherit' : 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const reports: Report[] = []
  const lines = createInterface({ input: child.stdout })
  const closed = once(lines, 'close')
  lines.on('line', (line) => {
    // The last line of a killed process may be cut short; it acknowledges nothing.
    if (line.endsWith('}')) reports.push(JSON.parse(line) as Report)
  })
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>
  return {
    process: child,
    reports,
    exited: Promise.all([exit, closed]).then(([status]) => status),
    async until(enough) {
      for (let looked = 0; ; ) {
        for (; looked < reports.length; looked++) {
          const report = reports[looked] as Report
          if (enough(report)) return report
        }
        const event = await Promise.race([once(lines, 'line'), closed.then(() => 'closed')])
        if (event === 'closed' && looked === reports.length) {
          throw new Error(`${job} ended before it said what was awaited`)
        }
      }
    },
  }
}

/** Tells a reader, from now on, each session that a writer begins. */
function tellKeys(reader: Child, writer: Child): void {
  createInterface({ input: writer.process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const report = JSON.parse(line.endsWith('}') ? line : '{}') as Partial<Report & { key: string }>
    if (report.said === 'putting') reader.process.stdin?.write(`${report.key}\n`)
  })
}

interface Fate {
  /** The latest version that was acknowledged. */
  version: number
  deleting: boolean
  deleted: boolean
}

function toFates(reports: readonly Report[]): Map<string, Fate> {
  const fates = new Map<string, Fate>()
  for (const report of reports) {
    if (!('key' in report)) continue
    const fate = fates.get(report.key) ?? { version: 0, deleting: false, deleted: false }
    if (report.said === 'put') fate.version = report.version
    if (report.said === 'deleting') fate.deleting = true
    if (report.said === 'deleted') fate.deleted = true
    fates.set(report.key, fate)
  }
  return fates
}

async function expectFate(store: LmdbStore, key: string, fate: Fate): Promise<void> {
  const record = store.get(key as SessionKey)
  if (fate.deleted) {
    expect(record, `${key} was deleted`).toBeUndefined()
    expect(await store.put(selfCheckingRecord(key, fate.version + 1))).toBe(false)
    expect(await store.put(selfCheckingRecord(key, 1))).toBe(false)
  } else if (!fate.deleting && fate.version > 0) {
    expect(record?.version, `${key} was acknowledged`).toBeGreaterThanOrEqual(fate.version)
  }
  if (record) expect(record.sealed === sealedFor(key, record.version), `${key} is torn`).toBe(true)
}

/** What the index finds is what is there: rows and index rows live and die together. */
async function expectIndexComplete(store: LmdbStore, name: string): Promise<void> {
  const numbers = Array.from({ length: 3000 }, (_, number) => `${name}/${number}` as SessionKey)
  const live = numbers.filter((key) => store.get(key))
  expect(await store.deleteAll({ issuer, subject: name })).toBe(live.length)
  expect(live.filter((key) => store.get(key))).toEqual([])
}
