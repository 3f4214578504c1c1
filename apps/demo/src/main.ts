import { errorCode, SallyportError } from '@sallyport/core'
import { describeSettings, parseDemoRequest } from './settings.ts'
import { type Demo, startDemo } from './start/demo.ts'
import { followLogs } from './start/follow.ts'
import { describeDemo } from './start/screen.ts'

try {
  const { settings, verbose, help } = parseDemoRequest(process.argv.slice(2))
  if (help) process.stdout.write(describeSettings())
  else
    await run(startDemo(settings), (demo) => {
      const logFiles = Object.values(demo.services).map(({ logFile }) => logFile)
      process.stdout.write(describeDemo(settings, logFiles))
      if (verbose) followLogs(logFiles, (line) => process.stdout.write(`${line}\n`))
    })
} catch (error) {
  fail(error)
}

/** Keeps the demo up until somebody stops it or one of its services ends. */
async function run(starting: Promise<Demo>, onReady: (demo: Demo) => void): Promise<void> {
  let running: Demo | undefined
  let stopping = false
  const stop = async () => {
    if (stopping) {
      // The services end by themselves when we are gone, were they not up yet.
      if (!running) process.exit(130)
      await running.stop('SIGKILL')
      return
    }
    stopping = true
    const demo = await starting.catch(() => undefined)
    await demo?.stop()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('disconnect', stop)

  running = await starting
  if (stopping) return
  onReady(running)
  const death = await running.failed
  if (stopping) return
  stopping = true
  await running.stop()
  fail(death)
}

function fail(error: unknown): never {
  const known = error instanceof SallyportError
  const text = known ? `${error.message}\n${errorCode(error)}: see docs/errors.md` : String(error)
  process.stderr.write(`${text}\n`)
  process.exit(1)
}
