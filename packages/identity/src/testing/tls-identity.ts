import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry } from '@sallyport/telemetry'
import * as client from 'openid-client'
import { createIdentityServer, type IdentityClientOptions } from '../index.ts'
import { type Certified, createCertificate } from './certificates.ts'
import { orders } from './identity-fixture.ts'

/** An identity server behind `node:https` that asks clients for a certificate. */
export interface TlsIdentity {
  issuer: string
  /** Signs the server's certificate and those that its socket vouches for. */
  authority: Certified
  /** An independent client, whose connections show this certificate. */
  discover(clientId: string, certificate?: Certified): Promise<client.Configuration>
  close(): Promise<void>
}

/** Starts one. `clients` is told what to register. */
export async function startTlsIdentity(
  clients: (base: Omit<IdentityClientOptions, 'clientId'>) => IdentityClientOptions[],
): Promise<TlsIdentity> {
  const authority = createCertificate({ subject: [['CN', 'authority']], isAuthority: true })
  const own = createCertificate({
    subject: [['CN', 'localhost']],
    authority,
    dnsName: 'localhost',
  })
  const { cert, key } = own
  const settings = { cert, key, ca: authority.cert, requestCert: true, rejectUnauthorized: false }
  const server = createServer(settings)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-identity-tls-'))
  const identity = await createIdentityServer({
    issuer,
    dataDir,
    accounts: [],
    resources: [{ identifier: orders, scopes: ['orders.read'] }],
    clients: clients({
      name: 'A service',
      redirectUris: [],
      postLogoutRedirectUris: [],
      grantTypes: ['client_credentials'],
      scopes: ['orders.read'],
      resources: [orders],
      consent: 'implicit',
    }),
    telemetry: createTelemetry({ service: 'identity', destination: { write: () => undefined } }),
  })
  server.on('request', (req, res) => identity.handler(req, res))

  return {
    issuer,
    authority,
    discover: (clientId, certificate) =>
      client.discovery(new URL(issuer), clientId, undefined, client.TlsClientAuth(), {
        [client.customFetch]: createTlsFetch(authority, certificate),
      }),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await identity.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** A `fetch` whose connections trust the authority and show the certificate. */
function createTlsFetch(authority: Certified, certificate?: Certified): client.CustomFetch {
  const own = certificate && { cert: certificate.cert, key: certificate.key }
  return (url, { method, headers, body }) =>
    new Promise((resolve, reject) => {
      const options = { method, headers, ca: authority.cert, agent: false as const, ...own }
      const outgoing = request(url, options, async (res) => {
        const chunks: Buffer[] = []
        for await (const chunk of res) chunks.push(chunk)
        const received = new Headers()
        for (const [name, value] of Object.entries(res.headers)) received.set(name, String(value))
        const status = res.statusCode ?? 0
        resolve(new Response(Buffer.concat(chunks), { status, headers: received }))
      })
      outgoing.on('error', reject)
      outgoing.end(body?.toString())
    })
}
