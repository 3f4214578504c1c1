import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  EmbeddedJWK,
  type JWK,
  jwtVerify,
  UnsecuredJWT,
} from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { accessTokenOf, ask, comeBack, sessionCookies, signInAt } from '../world/direct-bff.ts'
import { createClientKey, createScriptedBff } from '../world/scripted-bff.ts'
import {
  createScriptedIssuer,
  type IssuerCall,
  type ScriptedIssuer,
} from '../world/scripted-issuer.ts'

let issuer: ScriptedIssuer
beforeAll(async () => {
  issuer = await createScriptedIssuer()
})
afterAll(() => issuer.close())
afterEach(() => {
  issuer.reset()
  vi.useRealTimers()
})

const clientAuthentication = { privateKey: createClientKey('ES256').privateJwk }
const createDpopBff = () =>
  createScriptedBff(issuer.url, { senderConstraint: 'dpop', clientAuthentication })

const tokenCalls = () => issuer.calls.filter(({ path }) => path === '/token')
const proofOf = ({ headers }: IssuerCall) => String(headers.dpop)
const thumbprintOf = (call: IssuerCall) =>
  calculateJwkThumbprint(decodeProtectedHeader(proofOf(call)).jwk as JWK)
const jwt = (claims: object) => new UnsecuredJWT({ ...claims }).encode()

describe('a DPoP key', () => {
  test('is the session’s own: from the authorization request to the token, kept sealed', async () => {
    issuer.token = { token_type: 'DPoP', refresh_token: 'refresh' }
    const { bff } = createDpopBff()
    const keys = new Set<string>()
    for (let i = 0; i < 2; i += 1) {
      const login = await ask(bff, '/bff/login')
      expect(login.setCookies.join()).not.toContain('"d"')
      keys.add(new URL(login.location).searchParams.get('dpop_jkt') as string)
    }
    expect(keys.size).toBe(2)

    const { setCookies } = await signInAt({ bff, issuer })
    const call = tokenCalls()[0] as IssuerCall
    const { payload, protectedHeader } = await jwtVerify(proofOf(call), EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
      requiredClaims: ['jti', 'iat'],
    })
    expect(payload).toMatchObject({ htm: 'POST', htu: `${issuer.url}/token` })
    expect(protectedHeader.jwk).not.toHaveProperty('d')

    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 301_000)
    expect(await accessTokenOf(bff, setCookies)).toBe('opaque')
    const renewal = tokenCalls()[1] as IssuerCall
    expect(renewal.form.get('grant_type')).toBe('refresh_token')
    expect(await thumbprintOf(renewal)).toBe(await thumbprintOf(call))
  })

  test.each([
    ['Bearer', { token_type: 'Bearer' }],
    ['bound to another key', { token_type: 'DPoP', access_token: jwt({ cnf: { jkt: 'other' } }) }],
    [
      'bound to a certificate',
      { token_type: 'DPoP', access_token: jwt({ cnf: { 'x5t#S256': 'x' } }) },
    ],
    ['bound to nothing', { token_type: 'DPoP', access_token: jwt({ sub: 'alice' }) }],
    ['bound to null', { token_type: 'DPoP', access_token: jwt({ cnf: null }) }],
  ])('A025: is not given up for a token that is %s', async (_what, token) => {
    issuer.token = token
    const { setCookies, status } = await signInAt({ bff: createDpopBff().bff, issuer })
    expect(status).toBe(502)
    expect(sessionCookies(setCookies)).toEqual([])
  })

  test('is not needed by an issuer that was not asked: DPoP for Bearer is refused', async () => {
    issuer.token = { token_type: 'DPoP' }
    const { bff } = createScriptedBff(issuer.url)
    expect((await signInAt({ bff, issuer })).status).toBe(502)
    expect(tokenCalls()[0]?.headers.dpop).toBeUndefined()
  })

  test('fits a JWT that is bound to it', async () => {
    const { bff } = createDpopBff()
    const login = await ask(bff, '/bff/login')
    const jkt = new URL(login.location).searchParams.get('dpop_jkt')
    issuer.token = { token_type: 'DPoP', access_token: jwt({ cnf: { jkt } }) }
    issuer.authorize(login.location)
    const state = new URL(login.location).searchParams.get('state') as string
    const response = new URLSearchParams({ code: 'good', state, iss: issuer.url })
    expect((await comeBack(bff, login.setCookies, response)).status).toBe(303)
    expect(await thumbprintOf(tokenCalls()[0] as IssuerCall)).toBe(jkt)
  })
})

describe('a DPoP nonce', () => {
  const wantsNonce = (nonce: string) => ({
    status: 400,
    headers: { 'dpop-nonce': nonce },
    body: '{"error":"use_dpop_nonce"}',
  })

  test('A226: is answered once, with a new proof and a new client assertion', async () => {
    issuer.token = { token_type: 'DPoP' }
    issuer.answers['/token'] = (call) =>
      decodeJwt(proofOf(call)).nonce === 'n1' ? undefined : wantsNonce('n1')
    const { bff } = createDpopBff()
    expect((await signInAt({ bff, issuer })).status).toBe(303)
    const [first, second] = tokenCalls() as [IssuerCall, IssuerCall]
    expect(tokenCalls()).toHaveLength(2)
    expect(decodeJwt(proofOf(first)).jti).not.toBe(decodeJwt(proofOf(second)).jti)
    const assertion = ({ form }: IssuerCall) => String(form.get('client_assertion'))
    expect(decodeJwt(assertion(first)).jti).not.toBe(decodeJwt(assertion(second)).jti)
    expect(second.form.get('code')).toBe(first.form.get('code'))
    expect(await thumbprintOf(first)).toBe(await thumbprintOf(second))

    // Other sessions, other keys, one issuer: its latest nonce is known already.
    expect((await signInAt({ bff, issuer })).status).toBe(303)
    expect(tokenCalls()).toHaveLength(3)
  })

  test('A226: that never suits is no loop: two calls, then an error', async () => {
    let count = 0
    issuer.answers['/token'] = () => wantsNonce(`n${++count}`)
    const { setCookies, status } = await signInAt({ bff: createDpopBff().bff, issuer })
    expect(status).toBe(503)
    expect(sessionCookies(setCookies)).toEqual([])
    expect(tokenCalls()).toHaveLength(2)
  })
})
