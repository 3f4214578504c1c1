import { expect, test } from 'vitest'
import { createClient } from './client.ts'
import { endOtherSessions, endSession, listSessions } from './sessions.ts'
import { alice, loginRequired } from './testing/answers.ts'
import { type Answer, createBrowser } from './testing/browser.ts'

const laptop = { id: 'a1', isCurrent: true, createdAt: 1000, expiresAt: 5000 }

async function open(answer: Answer, basePath = '') {
  const browser = createBrowser(() => Response.json(alice))
  const tab = browser.open()
  const client = createClient({ basePath }, tab.page)
  await client.session()
  browser.requests.length = 0
  browser.answer = answer
  const sent = () => browser.requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`)
  return { client, tab, browser, sent }
}

test('lists the sessions', async () => {
  const { client, browser, sent } = await open(() => Response.json([laptop]), '/shop')
  expect(await listSessions(client)).toEqual([laptop])
  expect(sent()).toEqual(['GET /shop/bff/sessions'])
  expect(browser.requests[0]?.headers.get('x-csrf')).toBe('1')
})

test.each([
  [401, loginRequired],
  [404, () => new Response('', { status: 404 })],
  [503, () => new Response('', { status: 503 })],
])('an answer of %i is an error with the answer in it', async (status, answer) => {
  const { client } = await open(answer)
  await expect(listSessions(client)).rejects.toMatchObject({ cause: { status } })
})

test.each([
  ['another shape', () => Response.json({ sessions: [] })],
  ['a page', () => new Response('<!doctype html>')],
])('%s is no list', async (_, answer) => {
  const { client } = await open(answer)
  await expect(listSessions(client)).rejects.toThrow('not a list')
})

test.each([
  ['JSON', () => Response.json({})],
  ['nothing', () => new Response(null, { status: 204 })],
])('ends another one by its id, and goes on: %s', async (_, answer) => {
  const { client, tab, sent } = await open(answer)
  await endSession(client, '../x/y?z', tab.page)
  expect(sent()).toEqual(['DELETE /bff/sessions/..%2Fx%2Fy%3Fz'])
  expect(client.getSnapshot().status).toBe('signed_in')
  expect(tab.assigned).toEqual([])
})

test('ending this one signs all tabs out, and leaves for the issuer', async () => {
  const logoutUrl = 'https://id.test/session/end'
  const { client, tab, browser } = await open(() => Response.json(alice))
  const other = createClient({}, browser.open().page)
  await other.session()
  browser.answer = () => Response.json({ logoutUrl })
  await endSession(client, 'a1', tab.page)
  const signedOut = { status: 'signed_out', ended: true, reason: 'logout' }
  for (const one of [client, other]) expect(one.getSnapshot()).toEqual(signedOut)
  expect(tab.assigned).toEqual([logoutUrl])
})

test('one that could not be ended is an error', async () => {
  const { client, tab } = await open(() => new Response('', { status: 404 }))
  await expect(endSession(client, 'a2', tab.page)).rejects.toThrow('404')
  expect(client.getSnapshot().status).toBe('signed_in')
})

test('ends all others at once, and says how many if anybody can', async () => {
  const { client, sent, browser } = await open(() => Response.json({ ended: 3 }))
  expect(await endOtherSessions(client)).toBe(3)
  expect(sent()).toEqual(['DELETE /bff/sessions'])
  browser.answer = () => Response.json({})
  expect(await endOtherSessions(client)).toBeUndefined()
  browser.answer = () => new Response('', { status: 503 })
  await expect(endOtherSessions(client)).rejects.toThrow('503')
})
