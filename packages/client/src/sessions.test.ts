import { expect, test } from 'vitest'
import { createClient } from './client.ts'
import { endOtherSessions, endSession, listSessions } from './sessions.ts'
import { alice, loginRequired } from './testing/answers.ts'
import { type Answer, createBrowser } from './testing/browser.ts'

const laptop = { id: 'a1', isCurrent: true, createdAt: 1000, expiresAt: 5000 }

async function open(answer: Answer, basePath = '') {
  const browser = createBrowser(() => Response.json(alice))
  const client = createClient({ basePath }, browser.open().page)
  await client.session()
  browser.requests.length = 0
  browser.answer = answer
  const sent = () => browser.requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`)
  return { client, browser, sent }
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
  [200, () => Response.json({ sessions: [] })],
])('an answer of %i that is no list is an error with the answer in it', async (status, answer) => {
  const { client } = await open(answer)
  await expect(listSessions(client)).rejects.toMatchObject({ cause: { status } })
})

test('ends one by its id, and asks whether it was this one', async () => {
  const { client, sent } = await open(({ method }) =>
    method === 'DELETE' ? new Response(null, { status: 204 }) : Response.json(alice),
  )
  await endSession(client, '../x/y?z')
  expect(sent()).toEqual(['DELETE /bff/sessions/..%2Fx%2Fy%3Fz', 'GET /bff/user'])
  expect(client.getSnapshot().status).toBe('signed_in')
})

test('ending this one signs the page out', async () => {
  const { client } = await open(({ method }) =>
    method === 'DELETE' ? new Response(null, { status: 204 }) : loginRequired(),
  )
  await endSession(client, 'a1')
  const signedOut = { status: 'signed_out', ended: true, reason: 'revoked' }
  expect(client.getSnapshot()).toEqual(signedOut)
})

test('one that was ended counts as ended, even if nobody knows of this one', async () => {
  const { client } = await open(({ method }) =>
    method === 'DELETE' ? new Response(null, { status: 204 }) : new Response('', { status: 503 }),
  )
  await endSession(client, 'a2')
})

test('one that could not be ended is an error', async () => {
  const { client } = await open(() => new Response('', { status: 404 }))
  await expect(endSession(client, 'a2')).rejects.toThrow('404')
})

test('ends all others at once', async () => {
  const { client, sent, browser } = await open(() => new Response(null, { status: 204 }))
  await endOtherSessions(client)
  expect(sent()).toEqual(['DELETE /bff/sessions'])
  browser.answer = () => new Response('', { status: 503 })
  await expect(endOtherSessions(client)).rejects.toThrow('503')
})
