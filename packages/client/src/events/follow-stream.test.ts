import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createClient } from '../client.ts'
import { createBrowser } from '../testing/browser.ts'
import { createEventServer } from '../testing/event-server.ts'
import { followStream } from './follow-stream.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** @param random of 256, what chance decides */
function follow({ random = 128, refusal }: { random?: number; refusal?: () => Response } = {}) {
  const server = createEventServer()
  server.refusal = refusal
  /** Seconds at which a stream was asked for. */
  const times: number[] = []
  const browser = createBrowser((request) => {
    times.push(Date.now() / 1000)
    return server.answer(request)
  })
  const { page } = browser.open()
  const leaving = new AbortController()
  const onEvent = vi.fn()
  const crypto = { getRandomValues: () => Uint8Array.of(random) as never }
  const following = followStream({
    ...{ client: createClient({}, page), page: { crypto }, onEvent, signal: leaving.signal },
  })
  return { server, browser, times, leaving, onEvent, following }
}

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000)

test.each([
  ['a server in trouble', () => new Response('', { status: 503 })],
  ['a page instead of a stream', () => new Response('<!doctype html>')],
  ['a stream that ends at once', () => toStream('')],
  ['a block without an end', () => toStream(`data: ${'x'.repeat(70_000)}`)],
  ['a stream that only speaks of itself', () => toStream(': still here\n\n')],
])('%s is asked again later and later', async (_, refusal) => {
  const { times } = follow({ refusal })
  await pass(200)
  expect(times).toEqual([0, 2, 6, 14, 30, 62, 122, 182])
})

test.each([
  [0, 1],
  [255, 2.992],
])('chance %i of 256 has it wait %f seconds', async (random, seconds) => {
  const { times } = follow({ random, refusal: () => new Response('', { status: 503 }) })
  await pass(3)
  expect(times[1]).toBeCloseTo(seconds, 2)
})

test('a stream that was cut after a while is opened again soon', async () => {
  const { server, times } = follow()
  await pass(31)
  server.endStreams()
  await pass(2)
  expect(times).toEqual([0, 32])
})

test('the BFF says when to come back, at the end of a stream and when it refuses one', async () => {
  const { server, times } = follow()
  await pass(1)
  server.write('retry: 4000\n\n')
  server.endStreams()
  server.refusal = () => new Response('', { status: 429, headers: { 'retry-after': '20' } })
  await pass(30)
  expect(times).toEqual([0, 5, 25])
})

test('nobody is made to wait for ever', async () => {
  const { times } = follow({ refusal: () => toStream('retry: 999999999\n\n') })
  await pass(601)
  expect(times).toEqual([0, 600])
})

test('a connection that says nothing is given up, one that only says it is there is not', async () => {
  const { server, times } = follow()
  for (let i = 0; i < 8; i++) {
    await pass(40)
    server.write(': still here\n\n')
  }
  expect([server.open, times]).toEqual([1, [0]])
  await pass(48)
  expect([server.open, times.length]).toEqual([1, 2])
})

test.each([
  ['open', {}],
  ['waited for', { refusal: () => new Response('', { status: 503 }) }],
])('ends at once while a stream is %s', async (_, options) => {
  const { server, times, leaving, following } = follow(options)
  await pass(1)
  leaving.abort()
  await following
  expect(server.open).toBe(0)
  await pass(60)
  expect(times).toEqual([0])
})

function toStream(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'text/event-stream' } })
}
