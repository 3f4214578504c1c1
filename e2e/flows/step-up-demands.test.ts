import type { ForwardDecision } from '@sallyport/bff'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ask, forwardOf, type PageCall, page, signInAt } from '../world/direct-bff.ts'
import { createClientKey, createScriptedBff } from '../world/scripted-bff.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'

let issuer: ScriptedIssuer
beforeAll(async () => {
  issuer = await createScriptedIssuer()
})
afterAll(() => issuer.close())
afterEach(() => issuer.reset())

const now = () => Math.floor(Date.now() / 1000)
const challenge = (more = '') => [
  'WWW-Authenticate',
  `Bearer realm="api", error="insufficient_user_authentication"${more}`,
]

/** What a page gets when the upstream answers its call with 401 and these headers. */
function answered(forward: ForwardDecision, headers: readonly string[], status = 401) {
  const instead = forward.instead?.(status, headers)
  if (instead === undefined) return undefined
  if (instead.kind !== 'respond') throw new Error('asked again')
  const type = instead.headers[instead.headers.indexOf('content-type') + 1]
  const problem = type === 'application/problem+json' ? JSON.parse(instead.body) : undefined
  return { ...instead, type, problem }
}

/** The same, after signing in with these claims. */
async function demand(headers: readonly string[], claims: object = {}, call: PageCall = {}) {
  issuer.claims = { auth_time: now() - 3600, ...claims }
  const { bff, lines } = createScriptedBff(issuer.url)
  const { setCookies } = await signInAt({ bff, issuer })
  const answer = answered(await forwardOf(bff, setCookies, call), headers)
  return { answer, problem: answer?.problem, log: lines.join(''), bff, setCookies }
}

describe('an API that wants another sign-in', () => {
  test.each([
    [', acr_values="gold"', '?acr_values=gold', { acrValues: 'gold' }],
    [', max_age="60"', '?max_age=60', { maxAge: 60 }],
    [', max_age=0', '?max_age=0', { maxAge: 0 }],
    [
      ', acr_values="urn:a:2 urn:b", max_age=60',
      '?acr_values=urn%3Aa%3A2+urn%3Ab&max_age=60',
      { acrValues: 'urn:a:2 urn:b', maxAge: 60 },
    ],
    ['', '?prompt=login', {}],
  ])('is a problem with a link that can be followed: %s', async (more, query, wanted) => {
    const { answer, problem, bff, setCookies } = await demand(challenge(more))
    expect(answer?.status).toBe(401)
    expect(problem).toEqual({
      type: 'urn:sallyport:problem:step_up_required',
      title: 'This needs a stronger or more recent sign-in',
      status: 401,
      code: 'ERR_STEP_UP_REQUIRED',
      loginUrl: `/bff/login${query}`,
      ...wanted,
    })
    const cookie = setCookies.map((text) => text.split(';')[0]).join('; ')
    const login = await ask(bff, `${problem.loginUrl}&returnUrl=/orders`, [
      ...page,
      'cookie',
      cookie,
    ])
    expect(login.location).toContain(`${issuer.url}/authorize?`)
    const asked = new URL(login.location).searchParams
    for (const [name, value] of new URLSearchParams(query)) expect(asked.get(name)).toBe(value)
  })

  test('A012: what no link can say is left out, and logged by its name alone', async () => {
    const { problem, log } = await demand(
      challenge(`, acr_values="${'a'.repeat(200)}", max_age="1e3"`),
    )
    expect(problem.loginUrl).toBe('/bff/login?prompt=login')
    expect(Object.keys(problem)).not.toContain('acrValues')
    expect(log).toMatch(/step_up_value_invalid.*acr_values/)
    expect(log).toMatch(/step_up_value_invalid.*max_age/)
    expect(log).not.toContain('1e3')
    const mixed = await demand(challenge(', acr_values="a  b", max_age="60"'))
    expect(mixed.problem).toMatchObject({ loginUrl: '/bff/login?max_age=60', maxAge: 60 })
  })

  test('below a base path has its link there', async () => {
    const publicUrl = 'http://localhost:3000/shop'
    const { bff } = createScriptedBff(issuer.url, { publicUrl })
    issuer.claims = { auth_time: now() - 3600 }
    const login = await ask(bff, '/shop/bff/login')
    issuer.authorize(login.location)
    const state = new URL(login.location).searchParams.get('state') as string
    const response = new URLSearchParams({ code: 'good', state, iss: issuer.url })
    const cookie = login.setCookies.map((text) => text.split(';')[0]).join('; ')
    const done = await ask(bff, `/shop/bff/callback?${response}`, [...page, 'cookie', cookie])
    const forward = await forwardOf(bff, done.setCookies, { target: '/shop/api/x' })
    const { problem } = answered(forward, challenge(', max_age=60')) ?? {}
    expect(problem.loginUrl).toBe('/shop/bff/login?max_age=60')
  })

  test('is a page for a person, that leads back to where they were', async () => {
    const headers = ['accept', 'text/html']
    const call = { target: '/api/report?of=may', headers }
    const { answer } = await demand(challenge(', max_age=60'), {}, call)
    expect(answer?.type).toBe('text/html; charset=utf-8')
    expect(answer?.body).toContain(
      '<a href="/bff/login?max_age=60&amp;returnUrl=%2Fapi%2Freport%3Fof%3Dmay">',
    )
  })

  test.each([
    ['another status', 403, challenge(', max_age=60')],
    ['another error', 401, ['www-authenticate', 'Bearer error="invalid_token", max_age=60']],
    ['no challenge', 401, []],
    [
      'a malformed one',
      401,
      ['www-authenticate', 'Bearer error="insufficient_user_authentication'],
    ],
  ])('is not heard in %s', async (_what, status, headers) => {
    const { bff } = createScriptedBff(issuer.url)
    const { setCookies } = await signInAt({ bff, issuer })
    expect(answered(await forwardOf(bff, setCookies), headers, status)).toBeUndefined()
  })

  test('of the BFF itself, or of a visitor, is not heard: nobody can sign in for that', async () => {
    const upstream = 'http://localhost:9'
    const { bff } = createScriptedBff(issuer.url, {
      routes: [
        { match: '/client/*', upstream, token: 'client' },
        { match: '/none/*', upstream, token: 'user-or-none' },
      ],
    })
    for (const target of ['/client/x', '/none/x']) {
      const forward = await forwardOf(bff, [], { target })
      expect(answered(forward, challenge(', max_age=60')), target).toBeUndefined()
    }
  })
})

describe('A030: a step-up that did not help is no loop', () => {
  test.each([
    ['the acr is what it asks for', ', acr_values="silver gold"', { acr: 'gold' }],
    ['nobody can be fresher', ', max_age=0', { auth_time: now() }],
    ['both', ', acr_values=gold, max_age=60', { acr: 'gold', auth_time: now() }],
    ['nothing is asked for, and the person has just signed in', '', { auth_time: undefined }],
  ])('%s: no link, and the answer says why', async (_why, more, claims) => {
    const { problem, log } = await demand(challenge(more), claims)
    expect(problem).toMatchObject({
      code: 'ERR_STEP_UP_REQUIRED',
      detail: 'You have just signed in as the API asks, and it refuses all the same.',
    })
    expect(problem).not.toHaveProperty('loginUrl')
    expect(log).toContain('step_up_in_vain')
  })

  test.each([
    ['the acr is another', ', acr_values=gold', { acr: 'golden' }],
    ['there is no acr', ', acr_values=gold, max_age=60', { auth_time: now() }],
    ['the acr is right and the sign-in old', ', acr_values=gold, max_age=60', { acr: 'gold' }],
    ['nobody knows how old the sign-in is', ', max_age=60', { auth_time: undefined }],
  ])('but %s: there is a link', async (_why, more, claims) => {
    const { problem } = await demand(challenge(more), claims)
    expect(problem.loginUrl).toMatch(/^\/bff\/login\?/)
  })
})

describe('an API that wants a DPoP nonce', () => {
  const wantsNonce = ['WWW-Authenticate', 'DPoP error="use_dpop_nonce"', 'DPoP-Nonce', 'n1']

  async function signedIn(call: PageCall = {}) {
    issuer.token = { token_type: 'DPoP' }
    const { bff } = createScriptedBff(issuer.url, {
      senderConstraint: 'dpop',
      clientAuthentication: { privateKey: createClientKey('ES256').privateJwk },
    })
    const { setCookies } = await signInAt({ bff, issuer })
    return { bff, setCookies, forward: await forwardOf(bff, setCookies, call) }
  }
  const proofOf = ({ headers }: ForwardDecision) =>
    decodeJwt(headers[headers.indexOf('dpop') + 1] as string)

  test('A226: is asked once more, with its nonce in a new proof, and never twice', async () => {
    const { forward } = await signedIn({ method: 'DELETE', headers: ['content-length', '0'] })
    const again = forward.instead?.(401, wantsNonce)
    if (again?.kind !== 'forward') throw new Error('not asked again')
    expect(proofOf(again)).toMatchObject({ nonce: 'n1', htm: 'DELETE' })
    expect(proofOf(again).jti).not.toBe(proofOf(forward).jti)
    const { headers, instead: _, responseHeaders: __, answerFailure: ___, ...same } = again
    expect(forward).toMatchObject(same)
    expect(headers.filter((name) => name === 'authorization')).toHaveLength(1)
    expect(again.instead?.(401, wantsNonce)).toBeUndefined()
    expect(answered(again, challenge(', max_age=60'))?.problem).toHaveProperty('loginUrl')
  })

  test.each([
    ['a body', ['content-length', '5']],
    ['a body of unknown length', ['transfer-encoding', 'chunked']],
  ])('is not asked again with %s; the next proof has the nonce', async (_what, headers) => {
    const { bff, setCookies, forward } = await signedIn({ method: 'POST', headers })
    expect(forward.instead?.(401, wantsNonce)).toBeUndefined()
    expect(proofOf(await forwardOf(bff, setCookies)).nonce).toBe('n1')
  })

  test.each([
    ['no nonce', ['WWW-Authenticate', 'DPoP error="use_dpop_nonce"']],
    ['two', [...wantsNonce, 'DPoP-Nonce', 'n2']],
    ['another error', ['WWW-Authenticate', 'DPoP error="invalid_token"', 'DPoP-Nonce', 'n1']],
    ['another scheme', ['WWW-Authenticate', 'Bearer error="use_dpop_nonce"', 'DPoP-Nonce', 'n1']],
  ])('and gives %s is not asked again', async (_what, headers) => {
    const { forward } = await signedIn()
    expect(forward.instead?.(401, headers)).toBeUndefined()
  })
})
