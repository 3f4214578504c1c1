import { X509Certificate } from 'node:crypto'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { sha256 } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApiHandler } from './api/api-handler.ts'
import { createGuard, type Guard } from './guard.ts'
import type { GuardRequest } from './guard-request.ts'
import { createDpopClient } from './testing/dpop-client.ts'
import { refused } from './testing/guarded-issuer.ts'
import { audience, type LoopbackIssuer, startIssuer } from './testing/loopback-issuer.ts'
import { createSelfSigned } from './testing/self-signed-certificate.ts'

let issuer: LoopbackIssuer
let guard: Guard

beforeAll(async () => {
  issuer = await startIssuer()
  guard = createGuard({ issuer: issuer.issuer, audience })
})

afterAll(() => issuer.close())

const client = createSelfSigned()
const other = createSelfSigned()
const certificate = new X509Certificate(client.cert).raw
const thumbprint = thumbprintOf(certificate)

function thumbprintOf(der: Buffer): string {
  const { fingerprint256 } = new X509Certificate(der)
  return Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
}

async function verdict(
  cnf: unknown,
  clientCertificate?: GuardRequest['clientCertificate'],
): Promise<string> {
  const headers = { authorization: `Bearer ${await issuer.sign({ cnf })}` }
  const answer = await guard.authorize({ headers, clientCertificate }, { scopes: [] })
  if (answer.allowed) return 'allowed'
  return `${answer.status} ${answer.problem.code} ${answer.headers['www-authenticate']}`
}

describe('a token bound to a certificate', () => {
  const cnf = { 'x5t#S256': thumbprint }

  test('opens on the connection of its certificate, given whole or as a thumbprint', async () => {
    expect(await verdict(cnf, certificate)).toBe('allowed')
    expect(await verdict(cnf, new Uint8Array(certificate))).toBe('allowed')
    expect(await verdict(cnf, thumbprint)).toBe('allowed')
  })

  test.each([
    ['no certificate', undefined],
    ['nothing', ''],
    ['no bytes', new Uint8Array()],
    ['another certificate', new X509Certificate(other.cert).raw],
    ['the certificate in PEM', Buffer.from(client.cert)],
    ['another thumbprint', sha256('x')],
    ['its thumbprint with padding', `${thumbprint}=`],
  ])('does not open with %s', async (_, given) => {
    expect(await verdict(cnf, given)).toBe(refused)
  })

  test('also needs a proof when it is bound to a key as well', async () => {
    const dpop = await createDpopClient(issuer)
    const both = { ...cnf, jkt: dpop.jkt }
    expect(await verdict(both, certificate)).toBe(refused)
    const accessToken = await dpop.obtain({ cnf: both })
    const ask = async (clientCertificate: Buffer | undefined) => {
      const proof = await dpop.prove(accessToken)
      const headers = { authorization: `DPoP ${accessToken}`, dpop: proof }
      const sent = { method: 'GET', url: '/inventory/items', headers, clientCertificate }
      return (await guard.authorize(sent, { scopes: [] })).allowed
    }
    expect(await ask(certificate)).toBe(true)
    expect(await ask(undefined)).toBe(false)
  })

  test.each([
    ['a thumbprint that is a number', { 'x5t#S256': 1 }],
    ['an empty thumbprint', { 'x5t#S256': '' }],
    ['SHA-1', { x5t: thumbprint }],
    ['something unknown besides', { ...cnf, kid: 'x' }],
    ['null', null],
  ])('does not open when it is bound to %s', async (_, wrong) => {
    expect(await verdict(wrong, certificate)).toBe(refused)
  })
})

test('the API handler takes the certificate from the TLS connection, and from no header', async () => {
  const handler = createApiHandler({
    guard,
    routes: [{ method: 'GET', path: '/items', scopes: [], handle: () => ({ status: 204 }) }],
  })
  const tls = { ...createSelfSigned(), requestCert: true, rejectUnauthorized: false }
  const server = createServer(tls, handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const accessToken = await issuer.sign({ cnf: { 'x5t#S256': thumbprint } })
  const status = (shown: object) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${accessToken}`,
        'client-cert': `:${certificate.toString('base64')}:`,
        'x-ssl-client-cert': encodeURIComponent(client.cert),
      }
      const url = `https://127.0.0.1:${port}/items`
      const options = { headers, rejectUnauthorized: false, agent: false, ...shown }
      request(url, options, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })

  expect(await status(client)).toBe(204)
  expect(await status(other)).toBe(401)
  expect(await status({})).toBe(401)
  await new Promise((resolve) => server.close(resolve))
})
