/** `npm run bench -- sessions|memory|proxy|heads`: measures, prints, and writes the results down. */
import { parseArgs } from 'node:util'
import { compareHeads } from './heads/compare-heads.ts'
import { benchMemory } from './memory/bench-memory.ts'
import { benchProxy } from './proxy/bench-proxy.ts'
import { benchSessions } from './sessions/bench-sessions.ts'
import { benchStores } from './sessions/open-bench-store.ts'

const usage = `npm run bench -- sessions [--stores ${benchStores.join()}] [--sizes 1000,10000]
npm run bench -- memory
npm run bench -- proxy [--sessions 100000] [--rounds 5] [--profile <folder>]
npm run bench -- heads [--minutes 60]`

const { values, positionals } = parseArgs({
  options: {
    ...{ stores: { type: 'string' }, sizes: { type: 'string' } },
    ...{
      minutes: { type: 'string' },
      sessions: { type: 'string' },
      rounds: { type: 'string' },
      profile: { type: 'string' },
    },
  },
  allowPositionals: true,
})
const [subject, another] = positionals
const stores = benchStores.filter((name) => values.stores?.split(',').includes(name) ?? true)
const sizes = (values.sizes ?? '1000,10000,100000,1000000').split(',').map(Number)
const sessions = Number(values.sessions ?? 100_000)
const rounds = Number(values.rounds ?? 5)
const minutes = Number(values.minutes ?? 60)
const isCount = (size: number) => Number.isSafeInteger(size) && size > 0
const isSound = stores.length > 0 && [...sizes, sessions, rounds, minutes].every(isCount)

process.on('disconnect', () => process.exit(1))
process.channel?.unref()
if (subject === 'sessions' && another === undefined && isSound) await benchSessions(stores, sizes)
else if (subject === 'proxy' && another === undefined && isSound) {
  await benchProxy({ sessions, rounds, profile: values.profile })
} else if (subject === 'heads' && another === undefined && isSound) await compareHeads(minutes)
else if (subject === 'memory' && another === undefined) await benchMemory()
else {
  process.stderr.write(`${usage}\n`)
  process.exit(2)
}
process.exit(0)
