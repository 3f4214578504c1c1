import { createDpopProof, generateDpopKey } from '@sallyport/core/dpop'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { signIn } from '../../apps/demo/src/native/native-client.ts'
import { type Answer, createBrowser } from '../world/browser.ts'
import { createNativeApp, type NativeApp, withNativeApps } from '../world/native-app.ts'
import { audience, getOwnToken, withOwnClient } from '../world/own-tokens.ts'
import { createWorld, passwordOf, type World } from '../world/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({
    identity: withOwnClient,
    gateway(options) {
      const given = withNativeApps(options)
      return { ...given, bff: { ...given.bff, callerProofs: { nonce: 'required' } } }
    },
  })
})
afterAll(() => world.close())
beforeEach(() => {
  world.orders.requests.length = 0
  world.inventory.requests.length = 0
})
afterEach(() => vi.useRealTimers())

const nonceOf = (answer: Answer) => {
  const [nonce, another] = answer.headers('dpop-nonce')
  if (!nonce || another !== undefined) throw new Error('not one nonce')
  return nonce
}
const challenge = (answer: Answer) => answer.header('www-authenticate') ?? ''

/** A proof of an app's key with a nonce in it. */
function proof(phone: NativeApp, path: string, nonce?: string, accessToken?: string): string[] {
  const htm = path.endsWith('/token') ? 'POST' : 'GET'
  const rest = { ...(nonce && { nonce }), ...(accessToken && { accessToken }) }
  return ['dpop', createDpopProof({ key: phone.key, htm, htu: `${world.app}${path}`, ...rest })]
}

async function start(phone: NativeApp) {
  const code = (await phone.signIn()).get('code') ?? ''
  const refused = await phone.redeem(code)
  const good = await phone.redeem(code, {}, proof(phone, '/bff/native/token', nonceOf(refused)))
  const { access_token: sessionToken } = good.json<{ access_token: string }>()
  return { refused, good, sessionToken }
}

const path = '/api/orders/1'

describe('an app whose proofs must hold a nonce', () => {
  test('is told so at the token endpoint, and its code is good still', async () => {
    const { refused, good } = await start(createNativeApp(world))
    expect([refused.status, refused.json()]).toEqual([400, { error: 'use_dpop_nonce' }])
    expect(good.status).toBe(200)
    expect(nonceOf(good)).toBe(nonceOf(refused))
  })

  test('is told so for a call, and each answer brings the nonce for the next', async () => {
    const phone = createNativeApp(world)
    const { sessionToken } = await start(phone)
    const refused = await phone.call(path, sessionToken)
    expect(refused.status).toBe(401)
    expect(challenge(refused)).toBe(
      `DPoP realm="${world.app}", error="use_dpop_nonce", algs="ES256 Ed25519 EdDSA PS256"`,
    )
    expect(world.orders.requests).toEqual([])
    world.orders.answer = (_request, response) => {
      response.writeHead(200, { 'dpop-nonce': 'planted-by-the-api' }).end()
    }
    const headers = proof(phone, path, nonceOf(refused), sessionToken)
    const called = await phone.call(path, sessionToken, headers)
    world.orders.answer = undefined
    expect(called.status).toBe(200)
    expect(nonceOf(called)).toBe(nonceOf(refused))
    const again = await phone.call(path, sessionToken, headers)
    expect(challenge(again)).toContain('error="invalid_dpop_proof"')
  })

  test('has each nonce for two windows, at every gateway', async () => {
    const second = await world.startSecondGateway()
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Math.ceil(Date.now() / 180_000) * 180_000)
    try {
      const phone = createNativeApp(world)
      const { good, sessionToken } = await start(phone)
      const url = `http://localhost:${second.port}${path}`
      const there = await createBrowser().ask(url, {
        headers: [
          ...['host', new URL(world.app).host, 'authorization', `DPoP ${sessionToken}`],
          ...proof(phone, path, nonceOf(good), sessionToken),
        ],
      })
      expect(there.status).toBe(200)
      const status = async () => {
        const headers = proof(phone, path, nonceOf(good), sessionToken)
        return (await phone.call(path, sessionToken, headers)).status
      }
      vi.setSystemTime(Date.now() + 180_000)
      expect(await status()).toBe(200)
      vi.setSystemTime(Date.now() + 180_000)
      expect(await status()).toBe(401)
    } finally {
      await second.close(1)
    }
  })

  test.each([
    ['made up', () => 'a'.repeat(43)],
    ['none', () => undefined],
  ])('gets nowhere with a nonce that is %s', async (_what, nonce) => {
    const phone = createNativeApp(world)
    const { sessionToken } = await start(phone)
    const answer = await phone.call(path, sessionToken, proof(phone, path, nonce(), sessionToken))
    expect(challenge(answer)).toContain('error="use_dpop_nonce"')
    expect(world.orders.requests).toEqual([])
  })

  test('learns no nonce with somebody else’s proof', async () => {
    const { sessionToken } = await start(createNativeApp(world))
    const answer = await createNativeApp(world).call(path, sessionToken)
    expect(challenge(answer)).toContain('error="invalid_dpop_proof"')
    expect(answer.headers('dpop-nonce')).toEqual([])
  })
})

test('an app with a token of its own needs one for a bound token, and none for another', async () => {
  const key = generateDpopKey()
  const redirectUri = `${world.settings.publicUrls.orders}/signed-in`
  const wanted = { clientId: 'cli', redirectUri, resource: audience, scopes: ['app.read'] }
  const bound = await getOwnToken(world, { ...wanted, key })
  const url = `${world.app}/api/any-app/x`
  const call = (nonce?: string) => {
    const rest = { accessToken: bound, ...(nonce && { nonce }) }
    const dpop = createDpopProof({ key, htm: 'GET', htu: url, ...rest })
    return createBrowser().ask(url, { headers: ['authorization', `DPoP ${bound}`, 'dpop', dpop] })
  }
  const refused = await call()
  expect(challenge(refused)).toContain('DPoP realm=')
  expect(challenge(refused)).toContain('error="use_dpop_nonce"')
  expect((await call(nonceOf(refused))).status).toBe(200)

  const free = await getOwnToken(world, wanted)
  const headers = ['authorization', `Bearer ${free}`]
  const answer = await createBrowser().ask(url, { headers })
  expect(answer.status).toBe(200)
  expect(answer.headers('dpop-nonce')).toEqual([])
})

test('a command line that signs in by the browser takes and keeps nonces by itself', async () => {
  const browser = createBrowser()
  const opened = Promise.withResolvers<string>()
  const signingIn = signIn({
    ...{ bff: world.app, clientId: 'desk', redirectPath: '/signed-in' },
    openBrowser: opened.resolve,
  })
  const page = await browser.navigate(await opened.promise)
  const done = await browser.submit(page, { username: 'alice', password: passwordOf('alice') })
  const [, back] = /^0; url=(.+)$/.exec(done.answer.header('refresh') ?? '') ?? []
  await fetch(back ?? '')
  const session = await signingIn
  expect((await session.call(path)).status).toBe(200)
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + 400_000)
  expect((await session.call(path)).status).toBe(200)
  expect(world.orders.requests).toHaveLength(2)
  await session.signOut()
  expect((await session.call(path)).status).toBe(401)
})
