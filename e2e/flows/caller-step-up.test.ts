import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Answer, createBrowser } from '../world/browser.ts'
import { createNativeApp, postForm, withNativeApps } from '../world/native-app.ts'
import { audience, getOwnToken, withOwnClient } from '../world/own-tokens.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ gateway: withNativeApps, identity: withOwnClient })
})
afterAll(() => world.close())
afterEach(() => {
  world.orders.answer = undefined
  world.inventory.answer = undefined
  vi.useRealTimers()
})

/** Somebody who signed in is busy with something else for a while. */
function passAMinute() {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + 60_000)
}

/** Both APIs refuse whatever token they get. */
function refuse(more: string) {
  for (const api of [world.orders, world.inventory]) {
    api.answer = (_request, response) => {
      const challenge = `Bearer realm="api", error="insufficient_user_authentication"${more}`
      response.writeHead(401, { 'www-authenticate': challenge }).end('planted-upstream-body')
    }
  }
}

const challenge = (answer: Answer) => answer.header('www-authenticate')
const received = () =>
  decodeJwt(world.orders.requests.at(-1)?.header('authorization')?.split(' ')[1] ?? '')

describe('an app with a session, whose API wants another sign-in', () => {
  test('learns what is wanted and where to begin; the new session is what was asked for', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    expect((await phone.call('/api/orders/1', sessionToken)).status).toBe(200)
    const before = received()
    passAMinute()
    refuse(', max_age="30"')
    const answer = await phone.call('/api/orders/1', sessionToken)
    expect(answer.status).toBe(401)
    expect(answer.header('content-type')).toBe('application/problem+json')
    expect(answer.json()).toEqual({
      type: 'urn:sallyport:problem:step_up_required',
      title: 'This needs a stronger or more recent sign-in',
      status: 401,
      code: 'ERR_STEP_UP_REQUIRED',
      loginUrl: '/bff/native/login?max_age=30',
      maxAge: 30,
    })
    expect(challenge(answer)).toBe(
      `DPoP realm="${world.app}", error="insufficient_user_authentication", error_description="A more recent sign-in is needed", max_age="30", algs="ES256 Ed25519 EdDSA PS256"`,
    )
    const { loginUrl } = answer.json<{ loginUrl: string }>()
    const asked = Object.fromEntries(new URL(loginUrl, world.app).searchParams)
    const code = (await phone.signIn(asked)).get('code') ?? ''
    const { access_token: fresh } = (await phone.redeem(code)).json<{ access_token: string }>()
    world.orders.answer = undefined
    expect((await phone.call('/api/orders/1', fresh)).status).toBe(200)
    expect(Number(received().auth_time) - Number(before.auth_time)).toBeGreaterThanOrEqual(60)

    const revoke = `${world.app}/bff/native/revoke`
    await postForm(revoke, { token: sessionToken, client_id: 'phone' })
    expect((await phone.call('/api/orders/1', sessionToken)).status).toBe(401)
    expect((await phone.call('/api/orders/1', fresh)).status).toBe(200)
  })

  test('A212: and refuses all the same is no loop: nothing says to sign in once more', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    refuse(', max_age="30"')
    const answer = await phone.call('/api/orders/1', sessionToken)
    expect(answer.status).toBe(401)
    expect(answer.json()).toMatchObject({ code: 'ERR_STEP_UP_REQUIRED', maxAge: 30 })
    expect(answer.json()).not.toHaveProperty('loginUrl')
    expect(challenge(answer)).toBe(`DPoP realm="${world.app}", algs="ES256 Ed25519 EdDSA PS256"`)
    expect(world.logLines.join('')).toContain('step_up_in_vain')
  })

  test('A212: that the issuer does not give learns so in its answer, and gets no code', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    refuse(', acr_values="gold \\"x\\""')
    const answer = await phone.call('/api/orders/1', sessionToken)
    expect(answer.json()).toMatchObject({ acrValues: 'gold "x"' })
    expect(challenge(answer)).toContain('acr_values="gold \\"x\\""')
    const { loginUrl } = answer.json<{ loginUrl: string }>()
    const asked = Object.fromEntries(new URL(loginUrl, world.app).searchParams)
    const said = await phone.signIn(asked)
    expect(said.has('code')).toBe(false)
    expect(said.get('error')).toBe('unmet_authentication_requirements')
  })

  test('of a kind that no request can ask for is to ask the person at least', async () => {
    const phone = createNativeApp(world)
    const sessionToken = await phone.start()
    passAMinute()
    refuse(', max_age="soon"')
    const answer = await phone.call('/api/orders/1', sessionToken)
    expect(answer.json()).toMatchObject({ loginUrl: '/bff/native/login?prompt=login' })
    expect(challenge(answer)).toContain('error="insufficient_user_authentication"')
    expect(challenge(answer)).not.toContain('soon')
  })
})

describe('an app with a token of its own, whose API wants another sign-in', () => {
  const redirectUri = () => `${world.settings.publicUrls.orders}/signed-in`
  const getToken = () =>
    getOwnToken(world, {
      ...{ clientId: 'cli', redirectUri: redirectUri(), resource: audience },
      scopes: ['app.read'],
    })
  const call = (accessToken: string) => {
    const headers = ['authorization', `Bearer ${accessToken}`]
    return createBrowser().ask(`${world.app}/api/any-app/x`, { headers })
  }

  test('gets the challenge of RFC 9470, and no URL of ours', async () => {
    const own = await getToken()
    passAMinute()
    refuse(', max_age="30", acr_values="gold silver"')
    const answer = await call(own)
    expect(answer.status).toBe(401)
    expect(challenge(answer)).toBe(
      `Bearer realm="${world.app}", error="insufficient_user_authentication", error_description="Another kind of sign-in is needed", acr_values="gold silver", max_age="30"`,
    )
    expect(answer.json()).toMatchObject({ acrValues: 'gold silver', maxAge: 30 })
    expect(answer.json()).not.toHaveProperty('loginUrl')
    expect(answer.text).not.toContain('planted')
  })

  test('A212: that it has just had is not sent round for ever', async () => {
    refuse(', max_age="30"')
    const answer = await call(await getToken())
    expect(answer.status).toBe(401)
    expect(challenge(answer)).toBe(`Bearer realm="${world.app}"`)
  })

  test('and all else that its API refuses is the API’s answer', async () => {
    const own = await getToken()
    world.inventory.answer = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('no')
    }
    const answer = await call(own)
    expect([answer.status, answer.text, challenge(answer)]).toEqual([401, 'no', undefined])
  })
})
