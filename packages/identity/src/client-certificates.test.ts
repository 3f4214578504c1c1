import { X509Certificate } from 'node:crypto'
import { sha256 } from '@sallyport/core'
import { decodeJwt, type JWK } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certified, createCertificate } from './testing/certificates.ts'
import { orders } from './testing/identity-fixture.ts'
import { startTlsIdentity, type TlsIdentity } from './testing/tls-identity.ts'

const selfSigned = createCertificate({ subject: [['CN', 'self-signed']] })
const stranger = createCertificate({ subject: [['CN', 'self-signed']] })
const subjectDn = 'CN=by\\, name,O=Sallyport + Co'.replace('+', '\\+')

let identity: TlsIdentity
let named: Certified

beforeAll(async () => {
  identity = await startTlsIdentity((base) => [
    {
      ...base,
      clientId: 'by-name',
      clientAuthentication: { method: 'tls_client_auth', subjectDn },
      tlsBoundAccessTokens: true,
    },
    {
      ...base,
      clientId: 'by-key',
      jwks: { keys: [jwkOf(selfSigned)] },
      clientAuthentication: { method: 'self_signed_tls_client_auth' },
    },
  ])
  named = issued([
    ['O', 'Sallyport + Co'],
    ['CN', 'by, name'],
  ])
})
afterAll(() => identity.close())

function jwkOf({ publicKey, x5c }: Certified): JWK {
  return { ...(publicKey.export({ format: 'jwk' }) as JWK), x5c: [x5c] }
}

function issued(subject: [type: 'CN' | 'O', value: string][]): Certified {
  return createCertificate({ subject, authority: identity.authority })
}

async function ask(clientId: string, certificate?: Certified) {
  const config = await identity.discover(clientId, certificate)
  return client.clientCredentialsGrant(config, { resource: orders, scope: 'orders.read' })
}

describe('the certificate of a connection', () => {
  test('discovery says what can be done with it', async () => {
    const metadata = (await identity.discover('by-name')).serverMetadata()
    expect(metadata).toMatchObject({
      token_endpoint_auth_methods_supported: [
        'private_key_jwt',
        'none',
        'tls_client_auth',
        'self_signed_tls_client_auth',
      ],
      tls_client_certificate_bound_access_tokens: true,
    })
  })

  test('authenticates a client by its subject, and binds its tokens', async () => {
    const tokens = await ask('by-name', named)
    expect(tokens.token_type).toBe('bearer')
    const raw = new X509Certificate(named.cert).raw
    const thumbprint = Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(raw)))
    expect(decodeJwt(tokens.access_token).cnf).toEqual({
      'x5t#S256': thumbprint.toString('base64url'),
    })
  })

  test.each<[string, () => Certified | undefined]>([
    ['none', () => undefined],
    ['of another subject', () => issued([['CN', 'by, name']])],
    [
      'with the names the other way round',
      () =>
        issued([
          ['CN', 'by, name'],
          ['O', 'Sallyport + Co'],
        ]),
    ],
    ['with two names in one value', () => issued([['CN', 'by, name,O=Sallyport + Co']])],
    [
      'with the subject, of no authority',
      () =>
        createCertificate({
          subject: [
            ['O', 'Sallyport + Co'],
            ['CN', 'by, name'],
          ],
        }),
    ],
  ])('does not authenticate it: %s', async (_what, certificate) => {
    await expect(ask('by-name', certificate())).rejects.toMatchObject({ error: 'invalid_client' })
  })

  test('authenticates a client by its registered key, whoever signed it', async () => {
    const tokens = await ask('by-key', selfSigned)
    expect(decodeJwt(tokens.access_token)).toMatchObject({ client_id: 'by-key' })
    expect(decodeJwt(tokens.access_token).cnf).toBeUndefined()
    for (const other of [undefined, stranger, named]) {
      await expect(ask('by-key', other)).rejects.toMatchObject({ error: 'invalid_client' })
    }
  })

  test('is not believed when it comes in a header', async () => {
    const config = await identity.discover('by-key')
    const { [client.customFetch]: send } = config as unknown as {
      [client.customFetch]: client.CustomFetch
    }
    const escaped = encodeURIComponent(selfSigned.cert)
    const answer = await send(`${identity.issuer}/token`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-client-cert': escaped,
        'x-ssl-client-cert': escaped,
        'x-forwarded-client-cert': `Hash=${sha256(selfSigned.cert)};Cert="${escaped}"`,
        'client-cert': `:${selfSigned.x5c}:`,
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'by-key',
        resource: orders,
      }),
      redirect: 'manual',
    } as never)
    expect(answer.status).toBe(401)
  })
})
