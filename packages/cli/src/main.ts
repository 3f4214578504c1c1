#!/usr/bin/env node
// Kept to what any Node can run: it says so when this one is too old for the rest.
import { readFileSync } from 'node:fs'
import { satisfies } from './node-version.ts'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
if (satisfies(process.versions.node, manifest.engines.node)) {
  const { run } = await import('./run.ts')
  await run(process.argv.slice(2), manifest.version)
} else {
  process.stderr.write(
    `Sallyport needs a Node with this year's security fixes, ${manifest.engines.node}, and this is ${process.version}.\n`,
  )
  process.exitCode = 1
}
