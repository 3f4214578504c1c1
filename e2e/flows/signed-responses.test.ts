import { SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ask, comeBack, page, sessionCookies } from '../world/direct-bff.ts'
import { createScriptedBff } from '../world/scripted-bff.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'

let issuer: ScriptedIssuer
beforeAll(async () => {
  issuer = await createScriptedIssuer()
})
afterAll(() => issuer.close())
afterEach(() => issuer.reset())

const now = () => Math.floor(Date.now() / 1000)

/** A sign-in whose response is signed, and forged before, after or beside that. */
async function signIn(forge: Forgery = {}) {
  issuer.metadata = { authorization_signing_alg_values_supported: ['ES256'], ...forge.metadata }
  const { bff, lines } = createScriptedBff(issuer.url, { responseMode: 'query.jwt' })
  const login = await ask(bff, '/bff/login')
  issuer.authorize(login.location)
  const state = new URL(login.location).searchParams.get('state') as string
  const claims = { iss: issuer.url, aud: 'bff', exp: now() + 60, code: 'good', state }
  const jwt = await (forge.sign ?? issuer.sign)({ ...claims, ...forge.claims }, forge.header)
  const query = new URLSearchParams({ response: jwt })
  forge.query?.(query, { state, jwt })
  issuer.requests.length = 0
  const answer = await comeBack(bff, login.setCookies, query)
  return { answer, lines, login }
}

interface Forgery {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  metadata?: Record<string, unknown>
  sign?: (claims: object, header?: object) => Promise<string>
  query?: (query: URLSearchParams, made: { state: string; jwt: string }) => void
}

function unsigned(claims: object): Promise<string> {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return Promise.resolve(`${encode({ alg: 'none' })}.${encode(claims)}.`)
}

function symmetric(claims: object): Promise<string> {
  const jwt = new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256', kid: 'k1' })
  return jwt.sign(new TextEncoder().encode('x'.repeat(32)))
}

describe('a signed authorization response', () => {
  test('is asked for, and signs in', async () => {
    const { answer, login } = await signIn()
    expect(new URL(login.location).searchParams.get('response_mode')).toBe('query.jwt')
    expect(answer.status).toBe(303)
    expect(sessionCookies(answer.setCookies)).toHaveLength(1)
    const { form } = issuer.calls.find(({ path }) => path === '/token') ?? { form: undefined }
    expect(form?.get('code')).toBe('good')
    expect(form?.get('redirect_uri')).toBe('http://localhost:3000/bff/callback')
  })

  test('that tells of an error is an answer too', async () => {
    const { answer } = await signIn({ claims: { code: undefined, error: 'access_denied' } })
    expect(answer.status).toBe(400)
    expect(answer.body).toContain('The sign-in was not granted')
  })

  test.each<[string, Forgery]>([
    ['of another issuer', { claims: { iss: 'https://other.example' } }],
    ['of no issuer', { claims: { iss: undefined } }],
    ['for another client', { claims: { aud: 'other' } }],
    ['for others too', { claims: { aud: ['bff', 'other'] } }],
    ['for nobody', { claims: { aud: undefined } }],
    ['that has expired', { claims: { exp: now() - 60 } }],
    ['without an end', { claims: { exp: undefined } }],
    ['of tomorrow', { claims: { nbf: now() + 86_400 } }],
    ['with alg none', { sign: unsigned }],
    [
      'with alg none, when the metadata allows it',
      { sign: unsigned, metadata: { authorization_signing_alg_values_supported: ['none'] } },
    ],
    [
      'with a shared secret, when the metadata allows it',
      { sign: symmetric, metadata: { authorization_signing_alg_values_supported: ['HS256'] } },
    ],
    [
      'with an algorithm that is not in the metadata',
      { metadata: { authorization_signing_alg_values_supported: ['PS256'] } },
    ],
    ['with a key that is not published', { header: { kid: 'unknown' } }],
    ['without a state', { claims: { state: undefined } }],
    ['with a state of another sign-in', { claims: { state: 'x'.repeat(43) } }],
    ['with a state that is no text', { claims: { state: ['x'.repeat(43)] } }],
    ['with code and error', { claims: { error: 'access_denied' } }],
    ['twice', { query: (query, { jwt }) => query.append('response', jwt) }],
    ['with a plain code beside it', { query: (query) => query.set('code', 'other') }],
    ['with a plain state beside it', { query: (query, { state }) => query.set('state', state) }],
    ['that is no JWT', { query: (query) => query.set('response', 'x.y.z') }],
    [
      'that is plain',
      {
        query(query, { state }) {
          query.delete('response')
          for (const [name, value] of Object.entries({ code: 'good', state, iss: issuer.url })) {
            query.set(name, value)
          }
        },
      },
    ],
  ])('%s is refused before any token call', async (_what, forge) => {
    const { answer } = await signIn(forge)
    expect(answer.status).toBe(400)
    expect(answer.body).toContain('This sign-in cannot be completed')
    expect(answer.setCookies).toEqual([])
    expect(issuer.requests).not.toContain('/token')
  })

  test('whose signature is a stranger’s is refused, and the log says so without the code', async () => {
    issuer.forgesSignature = true
    const { answer, lines } = await signIn()
    expect(answer.status).toBe(400)
    expect(issuer.requests).not.toContain('/token')
    expect(lines.join('')).toContain('signature verification failed')
    expect(lines.join('')).not.toMatch(/eyJ|"good"/)
  })

  test('cannot be told while the keys cannot be had: 503, and the sign-in stays open', async () => {
    issuer.answers['/jwks'] = () => ({ status: 503, body: '' })
    const { answer } = await signIn()
    expect(answer.status).toBe(503)
    expect(answer.setCookies).toEqual([])
    expect(issuer.requests).not.toContain('/token')
  })
})

test('A signed response is none where plain ones are agreed on', async () => {
  const { bff } = createScriptedBff(issuer.url)
  const login = await ask(bff, '/bff/login')
  const state = new URL(login.location).searchParams.get('state') as string
  const claims = { iss: issuer.url, aud: 'bff', exp: now() + 60, code: 'good', state }
  const response = new URLSearchParams({ response: await issuer.sign(claims) })
  const answer = await comeBack(bff, login.setCookies, response)
  expect(answer.status).toBe(400)
  expect((await ask(bff, `/bff/callback?${response}`, page)).status).toBe(400)
})
