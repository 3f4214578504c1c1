import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGuard, type Guard } from './guard.ts'
import type { Requirement } from './requirement.ts'
import { createDpopClient } from './testing/dpop-client.ts'
import { audience, type LoopbackIssuer, startIssuer } from './testing/loopback-issuer.ts'

const now = 1_800_000_000
const strong = 'urn:example:acr:2fa'

let issuer: LoopbackIssuer
let guard: Guard

beforeAll(async () => {
  issuer = await startIssuer()
  guard = createGuard({ issuer: issuer.issuer, audience }, { clock: () => now })
})

afterAll(() => issuer.close())

const dates = { iat: now, exp: now + 300 }

async function ask(claims: Record<string, unknown>, requirement: Partial<Requirement>) {
  const accessToken = await issuer.sign({ ...dates, ...claims })
  const headers = { authorization: `Bearer ${accessToken}` }
  return guard.authorize({ headers }, { scopes: ['inventory.read'], ...requirement })
}

describe('maxAge', () => {
  test.each([0, 299, 300, 305])('is met by a sign-in %i seconds ago', async (age) => {
    expect(await ask({ auth_time: now - age }, { maxAge: 300 })).toMatchObject({ allowed: true })
  })

  test.each([
    ['306 seconds ago', now - 306],
    ['a day ago', now - 86_400],
    ['in ten minutes', now + 600],
    ['unknown', undefined],
    ['a text', String(now)],
    ['null', null],
    ['in milliseconds', now * 1000],
  ])('A212 is not met by a sign-in that was %s', async (_, authTime) => {
    expect(await ask({ auth_time: authTime }, { maxAge: 300 })).toEqual({
      allowed: false,
      status: 401,
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        'www-authenticate': `Bearer realm="${audience}", error="insufficient_user_authentication", error_description="A more recent sign-in is needed", max_age="300"`,
      },
      problem: {
        type: 'urn:sallyport:problem:step_up_required',
        title: 'This needs a stronger or more recent sign-in',
        status: 401,
        code: 'ERR_STEP_UP_REQUIRED',
      },
    })
  })
})

describe('acrValues', () => {
  test('are met by any one of them', async () => {
    const acrValues = ['urn:example:acr:3fa', strong]
    expect(await ask({ acr: strong }, { acrValues })).toMatchObject({ allowed: true })
  })

  test.each([undefined, '', 'urn:example:acr:pwd', `${strong} x`, strong.toUpperCase(), [strong]])(
    'A212 are not met by %j',
    async (acr) => {
      const answer = await ask({ acr }, { acrValues: [strong, 'urn:example:acr:3fa'], maxAge: 60 })

      expect(answer).toMatchObject({
        status: 401,
        problem: { code: 'ERR_STEP_UP_REQUIRED' },
        headers: {
          'www-authenticate': `Bearer realm="${audience}", error="insufficient_user_authentication", error_description="Another kind of sign-in is needed", acr_values="${strong} urn:example:acr:3fa", max_age="60"`,
        },
      })
    },
  )
})

test('a recent sign-in is no scope: nobody signs in again in vain', async () => {
  const answer = await ask({ auth_time: 0 }, { scopes: ['inventory.reserve'], maxAge: 300 })

  expect(answer).toMatchObject({ status: 403, problem: { code: 'ERR_SCOPE_INSUFFICIENT' } })
})

test('a token that came with a proof is challenged for another such token', async () => {
  const client = await createDpopClient(issuer)
  const accessToken = await client.obtain(dates)
  const dpop = await client.prove(accessToken, { iat: now })
  const headers = { authorization: `DPoP ${accessToken}`, dpop }
  const request = { method: 'GET', url: '/inventory/items', headers }

  const answer = await guard.authorize(request, { scopes: [], maxAge: 300 })

  expect(answer).toMatchObject({
    status: 401,
    headers: {
      'www-authenticate': expect.stringMatching(
        /^DPoP realm=.*, error="insufficient_user_authentication", .*max_age="300", algs="ES256 /,
      ),
    },
  })
})

test.each([
  { maxAge: 0 },
  { maxAge: -1 },
  { maxAge: 1.5 },
  { maxAge: '300' },
  { acrValues: [] },
  { acrValues: 'x' },
  { acrValues: ['a b'] },
  { acrValues: ['a"b'] },
  { max_age: 300 },
])('%j is no requirement', async (wrong) => {
  await expect(ask({}, wrong as never)).rejects.toThrow(TypeError)
})
