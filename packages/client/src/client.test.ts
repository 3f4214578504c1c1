import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient } from './client.ts'
import { alice, loginRequired } from './testing/answers.ts'
import { createBrowser } from './testing/browser.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('session', () => {
  test('reads the claims, arrays as they are', async () => {
    const { page } = createBrowser(() => Response.json(alice)).open()
    const session = await createClient({}, page).session()
    expect(session).toMatchObject({ subject: 'alice', name: 'Alice Archer' })
    expect(session?.claims.amr).toEqual(['pwd'])
    expect(session?.expiresAt).toEqual(new Date(600_000))
  })

  test('asks with the anti-forgery header, under the base path', async () => {
    const browser = createBrowser(() => Response.json(alice))
    await createClient({ basePath: '/shop' }, browser.open().page).session({ slide: false })
    const [request] = browser.requests
    expect(request?.url).toBe('https://shop.test/shop/bff/user?slide=false')
    expect(request?.headers.get('x-csrf')).toBe('1')
  })

  test('is one request for calls at the same time, and a new one later', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const client = createClient({}, browser.open().page)
    await Promise.all([client.session(), client.session(), client.session()])
    expect(browser.requests).toHaveLength(1)
    await client.session()
    expect(browser.requests).toHaveLength(2)
  })

  test('that keeps the session alive does not share a request that does not', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const client = createClient({}, browser.open().page)
    const urls = () => browser.requests.map(({ url }) => url.split('/bff')[1])
    await Promise.all([client.session({ slide: false }), client.session({ slide: false })])
    expect(urls()).toEqual(['/user?slide=false'])
    await Promise.all([client.session({ slide: false }), client.session(), client.session()])
    expect(urls()).toEqual(['/user?slide=false', '/user?slide=false', '/user'])
    await Promise.all([client.session(), client.session({ slide: false })])
    expect(urls().slice(3)).toEqual(['/user'])
  })

  test('is nothing when nobody is signed in', async () => {
    const onSessionEnd = vi.fn()
    const { page } = createBrowser(loginRequired).open()
    const client = createClient({ onSessionEnd }, page)
    expect(await client.session()).toBeUndefined()
    expect(client.getSnapshot()).toEqual({ status: 'signed_out', ended: false })
    expect(onSessionEnd).not.toHaveBeenCalled()
  })

  test.each([
    ['an unavailable store', () => new Response('', { status: 503 })],
    ['a page instead of JSON', () => new Response('<!doctype html>')],
    ['claims without a subject', () => Response.json([{ type: 'name', value: 'Mallory' }])],
    ['no network', () => Promise.reject(new TypeError('fetch failed'))],
  ])('%s is a failure, never "signed out"', async (_, answer) => {
    const { page } = createBrowser(answer).open()
    const client = createClient({}, page)
    await expect(client.session()).rejects.toThrow()
    expect(client.getSnapshot().status).toBe('failed')
  })

  test('puts an end that it finds down to the reason that was given', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const onSessionEnd = vi.fn()
    const client = createClient({ onSessionEnd }, browser.open().page)
    await client.session()
    await client.session({ slide: false, reason: 'backchannel' })
    expect(onSessionEnd).not.toHaveBeenCalled()
    browser.answer = loginRequired
    await client.session({ slide: false, reason: 'backchannel' })
    const ended = { status: 'signed_out', ended: true, reason: 'backchannel' }
    expect(client.getSnapshot()).toEqual(ended)
    expect(onSessionEnd).toHaveBeenCalledExactlyOnceWith('backchannel')
  })

  test('a failed check leaves a session that has time left', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const client = createClient({}, browser.open().page)
    await client.session()
    browser.answer = () => new Response('', { status: 503 })
    await expect(client.session()).rejects.toThrow('503')
    expect(client.getSnapshot().status).toBe('signed_in')
    vi.setSystemTime(600_000)
    await expect(client.session()).rejects.toThrow('503')
    expect(client.getSnapshot().status).toBe('failed')
  })
})

describe('expiry', () => {
  test('asks once, without counting as activity, and ends', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const onSessionEnd = vi.fn()
    const client = createClient({ onSessionEnd }, browser.open().page)
    await client.session()
    browser.answer = loginRequired
    await vi.advanceTimersByTimeAsync(599_000)
    expect(browser.requests).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(browser.requests.map(({ url }) => url)).toEqual([
      'https://shop.test/bff/user',
      'https://shop.test/bff/user?slide=false',
    ])
    const ended = { status: 'signed_out', ended: true, reason: 'expired' }
    expect(client.getSnapshot()).toEqual(ended)
    expect(onSessionEnd).toHaveBeenCalledExactlyOnceWith('expired')
  })

  test('goes on when another tab kept the session alive', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const client = createClient({}, browser.open().page)
    await client.session()
    await vi.advanceTimersByTimeAsync(600_000)
    expect(browser.requests).toHaveLength(2)
    expect(client.getSnapshot()).toMatchObject({
      status: 'signed_in',
      session: { expiresAt: new Date(1_200_000) },
    })
  })

  test('is counted from the last answer', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const client = createClient({}, browser.open().page)
    await client.session()
    await vi.advanceTimersByTimeAsync(300_000)
    await client.session()
    await vi.advanceTimersByTimeAsync(599_000)
    expect(browser.requests).toHaveLength(2)
  })

  test('a session of no time left is not asked for in a busy loop', async () => {
    const spent = alice.map((claim) => (claim.value === 600 ? { ...claim, value: 0 } : claim))
    const browser = createBrowser(() => Response.json(spent))
    await createClient({}, browser.open().page).session()
    await vi.advanceTimersByTimeAsync(3_500)
    expect(browser.requests).toHaveLength(4)
  })
})

describe('expiry far away', () => {
  test('is not asked for at once', async () => {
    const long = alice.map((claim) => (claim.value === 600 ? { ...claim, value: 3e6 } : claim))
    const browser = createBrowser(() => Response.json(long))
    await createClient({}, browser.open().page).session()
    await vi.advanceTimersByTimeAsync(86_400_000)
    expect(browser.requests).toHaveLength(1)
  })
})

describe('logout', () => {
  const logoutUrl = 'https://id.test/session/end?id_token_hint=x'

  test('ends the session in this tab and in the others, then leaves for the issuer', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const [here, there] = [browser.open(), browser.open()]
    const client = createClient({}, here.page)
    const onSessionEnd = vi.fn()
    const other = createClient({ onSessionEnd }, there.page)
    await Promise.all([client.session(), other.session()])

    browser.answer = () => Response.json({ logoutUrl })
    await client.logout()
    expect(browser.requests.at(-1)).toMatchObject({
      method: 'POST',
      url: 'https://shop.test/bff/logout',
    })
    expect(browser.requests.at(-1)?.headers.get('x-csrf')).toBe('1')
    expect(client.getSnapshot()).toMatchObject({ status: 'signed_out', ended: false })
    expect(here.assigned).toEqual([logoutUrl])
    expect(other.getSnapshot()).toEqual({ status: 'signed_out', ended: true, reason: 'logout' })
    expect(onSessionEnd).toHaveBeenCalledExactlyOnceWith('logout')
    expect(there.assigned).toEqual([])
  })

  test('of a session that is gone already ends it here and goes nowhere', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const { page, assigned } = browser.open()
    const client = createClient({}, page)
    await client.session()
    browser.answer = loginRequired
    await client.logout()
    expect(client.getSnapshot().status).toBe('signed_out')
    expect(assigned).toEqual([])
  })

  test('that the BFF could not do leaves the session and says so', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const { page, assigned } = browser.open()
    const client = createClient({}, page)
    await client.session()
    browser.answer = () => new Response('', { status: 503 })
    await expect(client.logout()).rejects.toThrow('503')
    expect(client.getSnapshot().status).toBe('signed_in')
    expect(assigned).toEqual([])
  })

  test('wins over an answer that was on its way', async () => {
    const browser = createBrowser(() => Response.json(alice))
    const client = createClient({}, browser.open().page)
    await client.session()
    const late = Promise.withResolvers<Response>()
    browser.answer = () => late.promise
    const asked = client.session()
    browser.answer = () => Response.json({ logoutUrl })
    await client.logout()
    late.resolve(Response.json(alice))
    expect(await asked).toBeUndefined()
    expect(client.getSnapshot().status).toBe('signed_out')
  })
})
