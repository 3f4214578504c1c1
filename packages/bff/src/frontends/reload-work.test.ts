import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSecret, randomToken } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { expect, test } from 'vitest'
import type { BffOptions } from '../options.ts'
import { createFrontends } from './create-frontends.ts'

const telemetry = createTelemetry({ service: 'bff', level: 'silent' })
const parts = { store: createMemoryStore(), telemetry }
const secret = randomToken()
const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]

function frontend(publicUrl: string, more: Partial<BffOptions>): BffOptions {
  const issuer = { issuer: 'https://idp.example', clientId: 'bff' }
  return { publicUrl, ...issuer, clientAuthentication: { secret }, sealKeys, ...more }
}

test('a reload begins nothing anew for what stays, and nothing at all when it is broken', async () => {
  const polled: string[] = []
  const transmitter = createServer((request) => void polled.push(request.url as string))
  transmitter.listen({ host: 'localhost', port: 0 })
  await once(transmitter, 'listening')
  const origin = `http://localhost:${(transmitter.address() as AddressInfo).port}`
  const polling = (path: string) =>
    frontend(`https://${path}.example`, {
      signals: { issuer: origin, audience: 'bff', poll: { endpointUrl: `${origin}/${path}` } },
    })
  const frontends = createFrontends({ frontends: [polling('a')] }, parts)
  const broken = [polling('a'), polling('b'), frontend('https://c.example', { issuer: 'x' })]
  expect(() => frontends.reload({ frontends: broken })).toThrow()
  frontends.reload({ frontends: [polling('a'), polling('c')] })
  await expect.poll(() => polled.toSorted()).toEqual(['/a', '/c'])
  await frontends.close()
  transmitter.closeAllConnections()
  transmitter.close()
})
