/**
 * One more identity server on the same folder, in a process of its own: `identity.child.ts <file>`.
 * The file has its options as JSON. It says its port, and ends when it is killed or its parent ends.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTelemetry } from '@sallyport/telemetry'
import { createIdentityServer } from '../index.ts'

const identity = await createIdentityServer({
  ...JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')),
  telemetry: createTelemetry({ service: 'identity', destination: { write: () => undefined } }),
})
const server = createServer((req, res) => identity.handler(req, res))
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
})
process.stdin.resume().on('end', () => process.exit())
