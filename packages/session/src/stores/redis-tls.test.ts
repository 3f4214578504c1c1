import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startRedisServer } from '../testing/redis-server.fixture.ts'
import { runProgram } from '../testing/run-program.fixture.ts'
import { sessionOfNow } from '../testing/session-of-now.fixture.ts'
import { findFreePort } from '../testing/spawn-server.fixture.ts'
import { createRedisStore } from './redis.ts'

test('TLS is an option of the client, and a certificate nobody vouches for is refused', async () => {
  const { key, certificate } = createCertificate()
  const tlsPort = await findFreePort()
  const server = await startRedisServer(
    ...['--tls-port', `${tlsPort}`, '--tls-auth-clients', 'no'],
    ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate],
  )
  onTestFinished(() => server.stop())
  const url = `rediss://localhost:${tlsPort}`
  const store = await createRedisStore({
    client: { url, socket: { tls: true, ca: readFileSync(certificate) } },
  })
  onTestFinished(() => store.close())
  const record = sessionOfNow({ key: 'k' })
  expect(await store.put(record)).toBe(true)
  expect(await store.get(record.key)).toEqual(record)

  await expect(createRedisStore({ url })).rejects.toMatchObject({
    code: 'ERR_SESSION_STORE_UNAVAILABLE',
    message: expect.stringMatching(/self-signed certificate/),
  })
})

function createCertificate() {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-tls-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const files = ['-nodes', '-days', '2', '-keyout', key, '-out', certificate]
  runProgram('openssl', [...request, ...names, ...files])
  return { key, certificate }
}
