import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { createWorld, type World } from '../world/world.ts'

const session = '__Host-Http-bff'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

describe('a sign-in request', () => {
  test('A012: takes over what a link may ask of a person, and nothing else', async () => {
    const allowed = {
      ...{ prompt: 'login', login_hint: 'alice@example.com', ui_locales: 'de en' },
      ...{ acr_values: 'urn:sallyport:acr:password', max_age: '60' },
    }
    const forbidden = {
      ...{ scope: 'admin', client_id: 'other', redirect_uri: 'https://evil.example' },
      ...{ request_uri: 'urn:x', request: 'x', resource: 'https://evil', claims: '{}' },
      ...{ state: 'x', nonce: 'x', code_challenge: 'x', response_type: 'token' },
      ...{ response_mode: 'fragment', id_token_hint: 'x', registration: 'x' },
    }
    const query = new URLSearchParams({ ...allowed, ...forbidden, returnUrl: '/orders' })
    const answer = await createBrowser().open(`${world.app}/bff/login?${query}`)
    const sent = new URL(answer.header('location') ?? '').searchParams
    expect(Object.fromEntries(sent)).toMatchObject(allowed)
    for (const name of ['request_uri', 'request', 'claims', 'response_mode', 'id_token_hint']) {
      expect(sent.has(name), name).toBe(false)
    }
    for (const [name, values] of Object.entries(forbidden)) {
      expect(sent.getAll(name), name).not.toContain(values)
    }
    expect(sent.getAll('client_id')).toEqual(['bff'])
    expect(sent.getAll('redirect_uri')).toEqual([`${world.app}/bff/callback`])
    expect(sent.getAll('response_type')).toEqual(['code'])
    expect(sent.getAll('resource')).toEqual([
      world.settings.publicUrls.orders,
      world.settings.publicUrls.inventory,
    ])
    expect(sent.get('code_challenge_method')).toBe('S256')
  })

  test.each([
    'prompt=none%20login',
    'prompt=evil',
    'prompt=login&prompt=none',
    'max_age=-1',
    'max_age=1e9',
    `login_hint=${'a'.repeat(257)}`,
    'login_hint=a%0d%0ab',
    'ui_locales=de;q=1',
    'acr_values=a%20%20b',
  ])('with %s is refused before anything goes to the issuer', async (query) => {
    const answer = await createBrowser().open(`${world.app}/bff/login?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.headers('set-cookie')).toEqual([])
    expect(answer.text).toContain('ERR_LOGIN_PARAMETER_INVALID')
  })

  test('of somebody signed in is a shortcut, unless more is asked', async () => {
    const browser = await world.signIn()
    const short = await browser.open(`${world.app}/bff/login?returnUrl=/orders?page=2`)
    expect(short.header('location')).toBe(`${world.app}/orders?page=2`)
    expect(short.headers('set-cookie')).toEqual([])
    for (const query of ['prompt=login', 'prompt=select_account', 'max_age=0', 'acr_values=x']) {
      const asked = await browser.open(`${world.app}/bff/login?${query}`)
      expect(asked.header('location'), query).toMatch(new RegExp(`^${world.issuer}/`))
    }
  })

  test('with prompt=none asks nobody: without a session at the issuer it leads back as it was', async () => {
    const browser = createBrowser()
    const end = await browser.navigate(`${world.app}/bff/login?prompt=none&returnUrl=/orders`)
    expect(end.url).toBe(`${world.app}/orders`)
    expect(browser.cookies.size).toBe(0)
    const signedIn = await world.signIn()
    signedIn.cookies.delete(session)
    const silent = await signedIn.navigate(`${world.app}/bff/login?prompt=none&returnUrl=/orders`)
    expect(silent.url).toBe(`${world.app}/orders`)
    expect((await signedIn.call(`${world.app}/bff/user`)).status).toBe(200)
  })

  test('A016: never repeats state, nonce or challenge', async () => {
    const seen = new Set<string>()
    for (let i = 0; i < 50; i += 1) {
      const answer = await createBrowser().open(`${world.app}/bff/login`)
      const sent = new URL(answer.header('location') ?? '').searchParams
      for (const name of ['state', 'nonce', 'code_challenge']) seen.add(sent.get(name) ?? '')
    }
    expect(seen.size).toBe(150)
  })

  test.each([
    'iss=https%3A%2F%2Fother.example',
    'iss=',
    'iss=http%3A%2F%2Fevil%0d%0a',
    'iss=x&iss=y',
  ])(
    'A032: started by somebody else, with %s, is refused, and no issuer is asked',
    async (query) => {
      world.issuerRequests.length = 0
      const answer = await createBrowser().open(`${world.app}/bff/login?${query}`)
      expect(answer.status).toBe(400)
      expect(world.issuerRequests).toEqual([])
    },
  )

  test('A032: started by somebody else in the name of our issuer goes on, to a page of ours', async () => {
    const link = (target: string) => {
      const query = new URLSearchParams({ iss: world.issuer, target_link_uri: target })
      return createBrowser().navigate(`${world.app}/bff/login?${query}`)
    }
    const page = await link(`${world.app}/orders`)
    expect(page.url.startsWith(world.issuer)).toBe(true)
    for (const target of [
      'https://evil.example/',
      `${world.app}.evil/`,
      `${world.app}//evil`,
      '//evil',
    ]) {
      expect((await link(target)).answer.status, target).toBe(400)
    }
  })
})
