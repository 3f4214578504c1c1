import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createIdentityServer, type IdentityClientOptions } from '@sallyport/identity'
import { createTelemetry } from '@sallyport/telemetry'
import {
  type Certified,
  createCertificate,
} from '../../packages/identity/src/testing/certificates.ts'
import { passwordOf } from './world.ts'

/** What the one proxied API is called. */
export const resource = 'https://orders.example'

/** The real identity server behind TLS, which asks for client certificates. */
export interface TlsWorld {
  readonly issuer: string
  /** Vouches for the server's certificate and for clients'. */
  readonly authority: Certified
  /** Requests that it got, by path. */
  readonly requests: string[]
  close(): Promise<void>
}

/** Starts one for one client, `bff` of https://app.example; this process trusts its authority. */
export async function createTlsWorld(
  client: (authority: Certified) => Partial<IdentityClientOptions>,
): Promise<TlsWorld> {
  const authority = createCertificate({ subject: [['CN', 'authority']], isAuthority: true })
  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, authority.cert])
  const own = createCertificate({ subject: [['CN', 'localhost']], authority, dnsName: 'localhost' })
  const server = createServer({
    ...{ cert: own.cert, key: own.key, ca: authority.cert },
    ...{ requestCert: true, rejectUnauthorized: false },
  })
  server.listen({ host: 'localhost', port: 0 })
  await once(server, 'listening')
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`
  const dataDir = await mkdtemp(join(tmpdir(), 'sallyport-tls-'))
  const identity = await createIdentityServer({
    issuer,
    dataDir,
    accounts: [
      { username: 'alice', password: passwordOf('alice'), name: 'Alice', email: 'a@example.com' },
    ],
    resources: [{ identifier: resource, scopes: ['orders.read'] }],
    clients: [
      {
        clientId: 'bff',
        name: 'Orders',
        redirectUris: ['https://app.example/bff/callback'],
        postLogoutRedirectUris: ['https://app.example/'],
        grantTypes: ['authorization_code', 'refresh_token'],
        scopes: ['openid', 'orders.read'],
        resources: [resource],
        consent: 'implicit',
        ...client(authority),
      },
    ],
    telemetry: createTelemetry({ service: 'identity', destination: { write: () => undefined } }),
  })
  const requests: string[] = []
  server.on('request', (request, response) => {
    requests.push(`${request.method} ${request.url?.split('?')[0]}`)
    identity.handler(request, response)
  })

  return {
    issuer,
    authority,
    requests,
    async close() {
      setDefaultCACertificates(trusted)
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
      await identity.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
