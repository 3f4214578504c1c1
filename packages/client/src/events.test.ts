import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient } from './client.ts'
import { createSessionEvents } from './events.ts'
import { alice, loginRequired } from './testing/answers.ts'
import { createWorld, pass, settle } from './testing/events-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the events of a session', () => {
  test('come over one stream for all tabs', async () => {
    const { server, browser, openTab, asked } = createWorld()
    const tabs = [await openTab(), await openTab(), await openTab()]
    expect([server.open, asked('/bff/events')]).toEqual([1, 1])
    const request = browser.requests.find(({ url }) => url.endsWith('/bff/events'))
    expect(request?.headers.get('x-csrf')).toBe('1')
    server.tell({ type: 'expiring', expiresIn: 60 })
    await settle()
    server.tell({ type: 'refreshed', expiresIn: 600, claimsChanged: false })
    await settle()
    for (const { told } of tabs) expect(told).toEqual(['expiring 60', 'refreshed 600'])
  })

  test('come again after a sign-in, and while nobody is signed in there is no stream', async () => {
    const { server, openTab, asked } = createWorld()
    server.user = loginRequired
    const { client } = await openTab()
    expect([server.open, asked('/bff/events')]).toEqual([0, 0])
    server.user = () => Response.json(alice)
    await client.session()
    await settle()
    expect(server.open).toBe(1)
    server.user = () => Response.json({ logoutUrl: 'https://id.test/' })
    await client.logout()
    await settle()
    expect(server.open).toBe(0)
    await pass(600)
    expect(asked('/bff/events')).toBe(1)
  })

  test('are of one base path', async () => {
    const { server, openTab, asked } = createWorld()
    const shop = await openTab({ basePath: '/shop' })
    await openTab({ basePath: '/desk' })
    expect([server.open, asked('/shop/bff/events'), asked('/desk/bff/events')]).toEqual([2, 1, 1])
    shop.events.close()
    await settle()
    expect(server.open).toBe(1)
  })

  test('that are malformed or not known are none', async () => {
    const { server, openTab } = createWorld()
    const { told } = await openTab()
    server.write('event: expiring\ndata: {\n\nevent: expiring\ndata: {"expiresIn":"soon"}\n\n')
    server.write('event: ended\ndata: {"reason":7}\n\nevent: praised\ndata: {"expiresIn":1}\n\n')
    server.write('data: {"expiresIn":1}\n\nevent: expiring\n\n: still here\n\n')
    server.write('event: expi')
    server.write('ring\r\ndata: {"expi')
    server.write('resIn":30}\r\n\r\n')
    await settle()
    expect(told).toEqual(['expiring 30'])
    expect(server.open).toBe(1)
  })

  test('of a claim that changed have each tab ask for the claims', async () => {
    const { server, openTab } = createWorld()
    const tabs = [await openTab(), await openTab()]
    server.user = () => Response.json([{ type: 'role', value: 'admin' }, ...alice])
    server.tell({ type: 'refreshed', expiresIn: 600, claimsChanged: true })
    await settle()
    for (const { client } of tabs) {
      expect(client.getSnapshot()).toMatchObject({ session: { claims: { role: 'admin' } } })
    }
  })

  test('reach a tab that is opened when all was told', async () => {
    const { server, openTab } = createWorld()
    await openTab()
    server.tell({ type: 'expiring', expiresIn: 60 })
    await pass(20)
    expect((await openTab()).told).toEqual(['expiring 40'])
  })

  test('do nothing on a server', () => {
    const events = createSessionEvents(createClient())
    events.close()
  })
})

describe('the end of a session', () => {
  test('reaches all tabs with its reason, for one question to the BFF', async () => {
    const { server, openTab, asked } = createWorld()
    const tabs = [await openTab(), await openTab(), await openTab()]
    const before = asked('/bff/user?slide=false')
    server.end('backchannel')
    await settle()
    for (const { client, told } of tabs) {
      const state = { status: 'signed_out', ended: true, reason: 'backchannel' }
      expect(client.getSnapshot()).toEqual(state)
      expect(told).toEqual(['ended backchannel'])
    }
    expect(asked('/bff/user?slide=false')).toBe(before + 1)
    await pass(600)
    expect(asked('/bff/events')).toBe(1)
  })

  test('by a sign-out in another tab is told at once, without the server', async () => {
    const { server, openTab } = createWorld()
    const [one, two] = [await openTab(), await openTab()]
    server.user = () => Response.json({ logoutUrl: 'https://id.test/' })
    await two.client.logout()
    await settle()
    expect(one.told).toEqual(['ended logout'])
    expect(server.open).toBe(0)
  })

  test('is none for a browser that has another session by now', async () => {
    const { server, openTab, asked } = createWorld()
    const tabs = [await openTab(), await openTab()]
    server.user = () => Response.json(alice.with(0, { type: 'sub', value: 'bob' }))
    server.tell({ type: 'ended', reason: 'replaced' })
    server.endStreams()
    await settle()
    for (const { client, told } of tabs) {
      expect(client.getSnapshot()).toMatchObject({ session: { subject: 'bob' } })
      expect(told).toEqual([])
    }
    await pass(3)
    expect([server.open, asked('/bff/events')]).toEqual([1, 2])
  })

  test('hides everything everywhere even when the BFF does not answer any more', async () => {
    const { server, openTab } = createWorld()
    const tabs = [await openTab(), await openTab()]
    server.user = () => new Response('', { status: 503 })
    server.tell({ type: 'ended', reason: 'revoked' })
    await settle()
    for (const { told } of tabs) expect(told).toEqual(['ended revoked'])
  })

  test('is found by a stream that comes back', async () => {
    const { server, openTab } = createWorld()
    const { client } = await openTab()
    server.refusal = loginRequired
    server.endStreams()
    await pass(3)
    expect(client.getSnapshot()).toMatchObject({ status: 'signed_out', ended: true })
  })
})

describe('extend', () => {
  test('keeps the session alive, and all tabs hear of it though the stream does not', async () => {
    const { server, openTab, asked } = createWorld()
    const tabs = [await openTab(), await openTab()]
    server.tell({ type: 'expiring', expiresIn: 60 })
    await settle()
    await tabs[1]?.events.extend()
    await settle()
    expect(asked('/bff/user')).toBe(1)
    for (const { told } of tabs) expect(told).toEqual(['expiring 60', 'refreshed 600'])
    await pass(10)
    expect((await openTab()).told).toEqual(['refreshed 590'])
  })

  test('of a session that is over says so', async () => {
    const { server, openTab } = createWorld()
    const { events, told } = await openTab()
    server.user = loginRequired
    expect(await events.extend()).toBeUndefined()
    expect(told).toEqual(['ended undefined'])
  })
})
