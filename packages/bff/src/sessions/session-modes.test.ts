import { createSecret, randomToken } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import {
  call,
  claims,
  content,
  createKeeper,
  modes,
  renew,
  sealKeys,
  signIn,
  world,
} from './keeper.fixture.ts'

describe.each(modes)('a session (%s)', (mode) => {
  test('is opened by the cookies it set, and by none else', async () => {
    const sessions = createKeeper(mode)
    const browser = await signIn(sessions)
    expect((await sessions.open(browser.cookies()))?.content).toEqual(content())
    expect(sessions.isNamed(browser.cookies())).toBe(true)
    expect(await sessions.open([])).toBeUndefined()
    expect(sessions.isNamed([])).toBe(false)
  })

  test('A302: of one frontend opens nothing at another, by name or by path', async () => {
    const browser = await signIn(createKeeper(mode))
    for (const publicUrl of ['https://other.example', 'https://app.example/shop']) {
      const other = createKeeper(mode, { publicUrl })
      const renamed = browser.cookies().map(({ name, value }) => ({
        name: publicUrl.endsWith('/shop') ? name.replace('-bff', '-bff!shop') : name,
        value,
      }))
      expect(await other.open(renamed)).toBeUndefined()
    }
  })

  test('A078: opens nothing in the other mode', async () => {
    const browser = await signIn(createKeeper(mode))
    const other = createKeeper(mode.startsWith('stored') ? 'sealed' : 'stored')
    expect(await other.open(browser.cookies())).toBeUndefined()
  })

  test('ends when it is not used, and goes on while it is, up to its absolute end', async () => {
    const sessions = createKeeper(mode)
    const idle = await signIn(sessions)
    const used = await signIn(sessions)
    for (let age = 0; age < 3600; age += 300) {
      expect(await call(sessions, used), `after ${age} s`).toBeDefined()
      world.now += 300
    }
    expect(await call(sessions, used)).toBeUndefined()
    expect(await call(sessions, idle)).toBeUndefined()
  })

  test('does not outlive its refresh token, nor the end that the issuer sets', async () => {
    const sessions = createKeeper(mode)
    const short = await signIn(sessions, { refreshExpiresAt: world.now + 100 })
    const capped = await signIn(sessions, {
      claims: { ...claims, session_expiry: world.now + 100 },
    })
    world.now += 99
    expect(await call(sessions, short)).toBeDefined()
    expect(await call(sessions, capped)).toBeDefined()
    world.now += 1
    expect(await call(sessions, short)).toBeUndefined()
    expect(await call(sessions, capped)).toBeUndefined()
  })

  test('that is renewed shows what was brought, however old the cookie is', async () => {
    const sessions = createKeeper(mode)
    const browser = await signIn(sessions)
    const stale = browser.cookies()
    expect(await renew(sessions, browser, 'second')).toBe(true)
    expect((await call(sessions, browser))?.content.refreshToken).toBe('second')
    expect(await renew(sessions, browser, 'third')).toBe(true)
    expect((await sessions.open(stale))?.content.refreshToken).toBe('third')
    expect((await call(sessions, browser))?.content.refreshToken).toBe('third')
  })

  test('is put off by a request that renews it too, whichever writes first', async () => {
    const sessions = createKeeper(mode)
    const browser = await signIn(sessions)
    const request = await sessions.open(browser.cookies())
    if (!request) throw new Error('it is there')
    world.now += 300
    await renew(sessions, browser, 'second')
    browser.keep(sessions.slide(request))
    await new Promise(setImmediate)
    world.now += 599
    expect((await sessions.open(browser.cookies()))?.content.refreshToken).toBe('second')
  })

  test('is renewed by one of all who try at once', async () => {
    const [one, two] = [createKeeper(mode), createKeeper(mode)]
    const browser = await signIn(one)
    const renewals = await Promise.all([renew(one, browser, 'a'), renew(two, browser, 'b')])
    expect(renewals.filter(Boolean)).toHaveLength(1)
  })

  test('A230: that ends while it is renewed takes no renewal', async () => {
    const sessions = createKeeper(mode)
    const browser = await signIn(sessions)
    const session = await sessions.open(browser.cookies())
    if (!session) throw new Error('it is there')
    await sessions.update(session, { lease: { holder: 'h', until: world.now + 20 } })
    const held = await sessions.reload(session)
    expect(await sessions.end(session, 'logout')).toBeDefined()
    expect(held && (await sessions.update(held, { content: content(), lease: undefined }))).toBe(
      false,
    )
    expect(await sessions.reload(session)).toBeUndefined()
    expect(await sessions.open(browser.cookies())).toBeUndefined()
  })

  test('gives its last state to the one who ends it', async () => {
    const sessions = createKeeper(mode)
    const browser = await signIn(sessions)
    const session = await sessions.open(browser.cookies())
    if (!session) throw new Error('it is there')
    await renew(sessions, browser, 'second')
    const ended = await Promise.all([1, 2, 3].map(() => sessions.end(session, 'logout')))
    expect(ended.filter(Boolean).map((last) => last?.content.refreshToken)).toEqual(['second'])
  })

  test.each([
    ['its sid', { issuer: claims.iss, sid: 's1' }],
    ['its subject', { issuer: claims.iss, subject: 'alice' }],
    ['both', { issuer: claims.iss, sid: 's1', subject: 'alice' }],
    ['its issuer', { issuer: claims.iss }],
    ['its frontend', { frontend: 'https://app.example' }],
    ['nothing at all', {}],
  ])('is ended by %s, and a later sign-in is not', async (_by, filter) => {
    const sessions = createKeeper(mode)
    const browser = await signIn(sessions)
    world.now += 1
    await sessions.endAll(filter, 'revoked')
    expect(await sessions.open(browser.cookies())).toBeUndefined()
    world.now += 1
    const again = await signIn(sessions)
    expect(await sessions.open(again.cookies())).toBeDefined()
  })

  test.each([
    ['another sid', { issuer: claims.iss, sid: 's2' }],
    ['another subject', { issuer: claims.iss, subject: 'bob' }],
    ['A250: its sid at another subject', { issuer: claims.iss, sid: 's1', subject: 'bob' }],
    ['another issuer', { issuer: 'https://other.example', sid: 's1' }],
    ['another frontend', { frontend: 'https://other.example' }],
  ])('is not ended by %s', async (_by, filter) => {
    const sessions = createKeeper(mode)
    const browser = await signIn(sessions)
    await sessions.endAll(filter, 'revoked')
    expect(await sessions.open(browser.cookies())).toBeDefined()
  })

  test('A229: whose sign-in was ended while it was under way does not begin', async () => {
    const sessions = createKeeper(mode)
    const startedAt = world.now
    world.now += 1
    await sessions.endAll({ issuer: claims.iss, subject: 'alice' }, 'backchannel')
    world.now += 1
    await expect(sessions.create({ claims, content: content(), startedAt })).rejects.toMatchObject({
      code: 'ERR_CALLBACK_REJECTED',
    })
  })

  test('A076: opens with an older key of the ring, and not when its key is gone', async () => {
    const browser = await signIn(createKeeper(mode))
    const fresh = { kid: 'k2', key: createSecret(randomToken()) }
    const rotated = createKeeper(mode, { sealKeys: [fresh, ...sealKeys] })
    expect(await rotated.open(browser.cookies())).toBeDefined()
    expect(await createKeeper(mode, { sealKeys: [fresh] }).open(browser.cookies())).toBeUndefined()
  })
})
