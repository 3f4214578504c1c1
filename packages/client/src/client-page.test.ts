import { expect, test, vi } from 'vitest'
import { createClient } from './client.ts'
import { alice, loginRequired } from './testing/answers.ts'
import { createBrowser } from './testing/browser.ts'

test('the first subscriber asks; none is called after it left', async () => {
  const browser = createBrowser(() => Response.json(alice))
  const client = createClient({}, browser.open().page)
  expect(browser.requests).toHaveLength(0)
  const [stays, leaves] = [vi.fn(), vi.fn()]
  client.subscribe(stays)
  client.subscribe(leaves)()
  await vi.waitFor(() => expect(client.getSnapshot().status).toBe('signed_in'))
  expect(browser.requests.map(({ url }) => url)).toEqual(['https://shop.test/bff/user?slide=false'])
  expect(stays).toHaveBeenCalledOnce()
  expect(leaves).not.toHaveBeenCalled()
  expect(client.getSnapshot()).toBe(client.getSnapshot())
})

test('restored from the back/forward cache shows nothing until it is sure', async () => {
  const browser = createBrowser(() => Response.json(alice))
  const tab = browser.open()
  const onSessionEnd = vi.fn()
  const client = createClient({ onSessionEnd }, tab.page)
  await client.session()
  browser.answer = loginRequired
  tab.emit('pageshow', { persisted: true })
  expect(client.getSnapshot().status).toBe('loading')
  await vi.waitFor(() => expect(client.getSnapshot().status).toBe('signed_out'))
  expect(onSessionEnd).toHaveBeenCalledOnce()
})

test('shown for the first time asks nothing more', () => {
  const browser = createBrowser(() => Response.json(alice))
  const tab = browser.open()
  createClient({}, tab.page)
  tab.emit('pageshow', { persisted: false })
  expect(browser.requests).toHaveLength(0)
})

test('asks again when it becomes visible, not when it is hidden', async () => {
  const browser = createBrowser(loginRequired)
  const tab = browser.open()
  const client = createClient({}, tab.page)
  await client.session()
  browser.answer = () => Response.json(alice)
  tab.show('hidden')
  expect(browser.requests).toHaveLength(1)
  tab.show('visible')
  await vi.waitFor(() => expect(client.getSnapshot().status).toBe('signed_in'))
  expect(browser.requests.at(-1)?.url).toContain('?slide=false')
})

test('"your session ended" stays when a later check finds nobody either', async () => {
  const browser = createBrowser(() => Response.json(alice))
  const tab = browser.open()
  const client = createClient({}, tab.page)
  await client.session()
  browser.answer = loginRequired
  await client.fetch('/api/orders')
  await client.session()
  expect(client.getSnapshot()).toEqual({ status: 'signed_out', ended: true })
  tab.emit('pageshow', { persisted: true })
  await vi.waitFor(() => expect(client.getSnapshot().status).toBe('signed_out'))
  expect(client.getSnapshot()).toEqual({ status: 'signed_out', ended: false })
})

test('a BFF at another base path is another session', async () => {
  const browser = createBrowser(() => Response.json(alice))
  const shop = createClient({ basePath: '/shop' }, browser.open().page)
  const desk = createClient({ basePath: '/desk' }, browser.open().page)
  await Promise.all([shop.session(), desk.session()])
  browser.answer = () => Response.json({ logoutUrl: 'https://id.test/' })
  await shop.logout()
  expect(desk.getSnapshot().status).toBe('signed_in')
})
