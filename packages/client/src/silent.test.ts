import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient } from './client.ts'
import { type SilentLoginPage, silentLogin } from './silent.ts'
import { alice, loginRequired } from './testing/answers.ts'
import { createBrowser } from './testing/browser.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

const origin = 'https://shop.test'
const frameWindow = new MessageChannel().port1
const otherWindow = new MessageChannel().port1
const yes = { source: 'bff-silent-login', isLoggedIn: true }
const no = { source: 'bff-silent-login', isLoggedIn: false }

function openPage({ basePath = '', answer = () => Response.json(alice) } = {}) {
  const browser = createBrowser(answer)
  const client = createClient({ basePath }, browser.open().page)
  const target = new EventTarget()
  const frames: { src?: string; hidden?: boolean }[] = []
  const page = {
    document: {
      createElement: () => {
        const frame = { contentWindow: frameWindow, remove: () => void frames.splice(0, 1) }
        return frame
      },
      body: { append: (frame: object) => void frames.push(frame) },
    },
    location: { origin },
    addEventListener: target.addEventListener.bind(target),
  } as unknown as SilentLoginPage
  return { client, page, frames, browser, post }

  function post(data: unknown, from: { origin?: string; source?: MessagePort | null } = {}): void {
    const event = new MessageEvent('message', { data, origin, source: frameWindow, ...from })
    target.dispatchEvent(event)
  }
}

test('signs in in a hidden frame, and the client knows who', async () => {
  const { client, page, frames, post } = openPage({ basePath: '/shop' })
  const attempt = silentLogin(client, {}, page)
  expect(frames).toMatchObject([{ src: '/shop/bff/silent-login', hidden: true }])
  post(yes)
  expect(await attempt).toBe(true)
  expect(frames).toEqual([])
  expect(client.getSnapshot()).toMatchObject({ session: { subject: 'alice' } })
})

test('says when the person must be asked, and asks the BFF nothing', async () => {
  const { client, page, frames, post, browser } = openPage()
  const attempt = silentLogin(client, {}, page)
  post(no)
  expect(await attempt).toBe(false)
  expect([frames, browser.requests]).toEqual([[], []])
})

test('gives up in time, and hears nothing later', async () => {
  const { client, page, frames, post } = openPage()
  const attempt = silentLogin(client, { timeout: 3 }, page)
  await vi.advanceTimersByTimeAsync(2999)
  expect(frames).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(await attempt).toBe(false)
  expect(frames).toEqual([])
  post(yes)
  expect(client.getSnapshot().status).toBe('loading')
  expect(vi.getTimerCount()).toBe(0)
})

test.each([
  ['another origin', yes, { origin: 'https://evil.test' }],
  ['an origin that begins like ours', yes, { origin: 'https://shop.test.evil.test' }],
  ['no origin', yes, { origin: 'null' }],
  ['another window of ours', yes, { source: otherWindow }],
  ['nobody', yes, { source: null }],
  ['our frame about something else', { source: 'other', isLoggedIn: true }, {}],
  ['our frame, unclearly', { source: 'bff-silent-login', isLoggedIn: 'true' }, {}],
  ['our frame, with text', 'bff-silent-login', {}],
  ['our frame, with nothing', null, {}],
])('A146: a message from %s is ignored', async (_, data, from) => {
  const { client, page, post, browser } = openPage()
  const attempt = silentLogin(client, {}, page)
  post(data, from)
  await vi.advanceTimersByTimeAsync(9000)
  expect(browser.requests).toEqual([])
  post(no)
  expect(await attempt).toBe(false)
})

test('a frame that claims too much is not believed', async () => {
  const { client, page, post } = openPage({ answer: loginRequired })
  const attempt = silentLogin(client, {}, page)
  post(yes)
  expect(await attempt).toBe(false)
})

test('the frame goes even when the BFF fails then', async () => {
  const { client, page, post, frames } = openPage({
    answer: () => new Response('', { status: 503 }),
  })
  const attempt = silentLogin(client, {}, page)
  post(yes)
  await expect(attempt).rejects.toThrow('503')
  expect(frames).toEqual([])
})
