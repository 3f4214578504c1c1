import { X509Certificate } from 'node:crypto'
import type { BffOptions } from '@sallyport/bff'
import type { IdentityClientOptions } from '@sallyport/identity'
import { decodeJwt, type JWK } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type Certified,
  createCertificate,
} from '../../packages/identity/src/testing/certificates.ts'
import { createBrowser } from '../world/browser.ts'
import { accessTokenOf, ask, comeBack, sessionCookies } from '../world/direct-bff.ts'
import { createClientKey, createScriptedBff } from '../world/scripted-bff.ts'
import { createTlsWorld, resource, type TlsWorld } from '../world/tls-world.ts'
import { passwordOf } from '../world/world.ts'

let world: TlsWorld | undefined
afterEach(async () => {
  await world?.close()
  world = undefined
})

const key = createClientKey('ES256')
const selfSigned = createCertificate({ subject: [['CN', 'bff']] })
const stranger = createCertificate({ subject: [['CN', 'bff']] })
let vouched: Certified

const subject = 'CN=bff'
const pair = ({ cert, key }: Certified) => ({ certificate: cert, key })
const certified = ({ publicKey, x5c }: Certified) =>
  ({ ...publicKey.export({ format: 'jwk' }), x5c: [x5c] }) as JWK

interface Registration {
  client: (authority: Certified) => Partial<IdentityClientOptions>
  options: () => Partial<BffOptions>
}

const byKey: Registration = {
  client: () => ({
    jwks: { keys: [key.publicJwk as JWK] },
    requirePushedAuthorizationRequests: true,
    dpopBoundAccessTokens: true,
    requireSignedRequestObject: true,
    responseModes: ['query.jwt', 'jwt'],
  }),
  options: () => ({
    clientAuthentication: { privateKey: key.privateJwk },
    senderConstraint: 'dpop',
    requestObject: 'always',
    responseMode: 'query.jwt',
  }),
}
const byCertificate: Registration = {
  client(authority) {
    vouched = createCertificate({ subject: [['CN', 'bff']], authority })
    return {
      clientAuthentication: { method: 'tls_client_auth', subjectDn: subject },
      requirePushedAuthorizationRequests: true,
      tlsBoundAccessTokens: true,
    }
  },
  options: () => ({ clientAuthentication: pair(vouched), senderConstraint: 'mtls' }),
}
const bySelfSigned: Registration = {
  client: () => ({
    jwks: { keys: [certified(selfSigned)] },
    clientAuthentication: { method: 'self_signed_tls_client_auth' },
    tlsBoundAccessTokens: true,
  }),
  options: () => ({
    clientAuthentication: { ...pair(selfSigned), method: 'self_signed_tls_client_auth' },
    senderConstraint: 'mtls',
  }),
}

/** A BFF under the profile, and a sign-in of alice's up to the answer of its callback. */
async function signIn({ client, options }: Registration, change: Partial<BffOptions> = {}) {
  world = await createTlsWorld(client)
  const scripted = createScriptedBff(world.issuer, {
    publicUrl: 'https://app.example',
    profile: 'fapi2',
    scopes: ['orders.read'],
    routes: [{ match: '/api/*', upstream: 'https://orders.example', resource }],
    ...options(),
    ...change,
  })
  const login = await ask(scripted.bff, '/bff/login')
  if (login.status !== 303) return { ...scripted, login, answer: login }
  const browser = createBrowser()
  const page = await browser.navigate(login.location)
  const form = new URLSearchParams({ username: 'alice', password: passwordOf('alice') })
  form.set('form_token', /name="form_token" value="([^"]*)"/.exec(page.answer.text)?.[1] ?? '')
  const action = /<form[^>]*action="([^"]*)"/.exec(page.answer.text)?.[1] ?? ''
  const post = {
    method: 'POST',
    body: form.toString(),
    headers: [
      ...['content-type', 'application/x-www-form-urlencoded'],
      ...['origin', world.issuer, 'sec-fetch-site', 'same-origin'],
    ],
  }
  let url = new URL(action.replaceAll('&amp;', '&'), world.issuer).href
  let step = await browser.ask(url, post)
  while (step.header('location')?.startsWith('https://app.example/') === false) {
    url = new URL(step.header('location') ?? '', url).href
    step = await browser.open(url)
  }
  const response = new URL(step.header('location') ?? 'https://app.example/').searchParams
  return { ...scripted, login, answer: await comeBack(scripted.bff, login.setCookies, response) }
}

/** What the token is bound to that a call goes on with. */
async function confirmationOf({ bff, answer }: Awaited<ReturnType<typeof signIn>>) {
  return Object(decodeJwt(await accessTokenOf(bff, answer.setCookies)).cnf)
}

describe('fapi2 at the real identity server', () => {
  test('by a private key, with DPoP, pushed and signed requests and signed responses', async () => {
    const done = await signIn(byKey)
    expect(done.answer.status).toBe(303)
    expect([...new URL(done.login.location).searchParams.keys()].sort()).toEqual([
      ...['client_id', 'request_uri'],
    ])
    expect(await confirmationOf(done)).toEqual({ jkt: expect.stringMatching(/^[\w-]{43}$/) })
  })

  test.each([
    ['that an authority vouches for', byCertificate, () => vouched],
    ['that signs itself', bySelfSigned, () => selfSigned],
  ])('by a certificate %s, with tokens bound to it', async (_which, registration, certificate) => {
    const done = await signIn(registration)
    expect(done.answer.status).toBe(303)
    const { fingerprint256 } = new X509Certificate(certificate().cert)
    const hash = Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
    expect(await confirmationOf(done)).toEqual({ 'x5t#S256': hash })
  })

  test('not by a certificate of somebody else', async () => {
    const { answer } = await signIn(byCertificate, { clientAuthentication: pair(stranger) })
    expect(answer.status).toBe(502)
    expect(answer.body).toContain('ERR_IDP_CLIENT_REJECTED')
  })

  test('not with a token that is bound to nothing', async () => {
    const { answer } = await signIn(
      {
        client: (authority) => ({
          ...byCertificate.client(authority),
          tlsBoundAccessTokens: false,
        }),
        options: byCertificate.options,
      },
      { profile: undefined, pushedAuthorization: 'always' },
    )
    expect(answer.status).toBe(502)
    expect(sessionCookies(answer.setCookies)).toEqual([])
  })

  test('not where certificates bind nothing: the issuer is told apart before anybody goes there', async () => {
    const { answer, lines } = await signIn({
      client: (authority) => ({ ...byCertificate.client(authority), tlsBoundAccessTokens: false }),
      options: byCertificate.options,
    })
    expect(answer.body).toContain('ERR_IDP_UNSUITABLE')
    expect(lines.join('')).toContain('tls_client_certificate_bound_access_tokens')
  })
})
