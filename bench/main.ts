/** `npm run bench -- sessions|memory`: measures, prints, and writes the results down. */
import { parseArgs } from 'node:util'
import { benchMemory } from './memory/bench-memory.ts'
import { benchSessions } from './sessions/bench-sessions.ts'
import { benchStores } from './sessions/open-bench-store.ts'

const usage = `npm run bench -- sessions [--stores ${benchStores.join()}] [--sizes 1000,10000]
npm run bench -- memory`

const { values, positionals } = parseArgs({
  options: { stores: { type: 'string' }, sizes: { type: 'string' } },
  allowPositionals: true,
})
const [subject, another] = positionals
const stores = benchStores.filter((name) => values.stores?.split(',').includes(name) ?? true)
const sizes = (values.sizes ?? '1000,10000,100000,1000000').split(',').map(Number)
const isSound = stores.length > 0 && sizes.every((size) => Number.isSafeInteger(size) && size > 0)

process.on('disconnect', () => process.exit(1))
process.channel?.unref()
if (subject === 'sessions' && another === undefined && isSound) await benchSessions(stores, sizes)
else if (subject === 'memory' && another === undefined) await benchMemory()
else {
  process.stderr.write(`${usage}\n`)
  process.exit(2)
}
process.exit(0)
