import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { createWorld, type World } from '../world/world.ts'
import { fileBytes, startNginx } from './start-nginx.ts'

describe.each([[['fast', 'node']], [['node']]] as ('fast' | 'node')[][][])(
  'A124: an nginx behind the lanes %j says through us what it says itself',
  (lanes) => {
    let nginx: Awaited<ReturnType<typeof startNginx>>
    let world: World
    let browser: Browser
    beforeAll(async () => {
      nginx = await startNginx()
      world = await createWorld({
        gateway: (options) => ({
          ...options,
          lanes,
          bff: {
            ...options.bff,
            routes: [...(options.bff.routes ?? []), { match: '/n/*', upstream: nginx.url }],
          },
        }),
      })
      browser = await world.signIn()
    })
    afterAll(async () => {
      await world?.close()
      await nginx?.stop()
    })

    const stranger = createBrowser()
    type Asked = { method?: string; headers?: string[]; body?: string }
    const cases: [string, string, Asked][] = [
      ['a length', '/short', {}],
      ['a long file', '/file', {}],
      ['chunks', '/coded', { headers: ['accept-encoding', 'gzip'] }],
      ['a part', '/file', { headers: ['range', 'bytes=10-19'] }],
      ['parts', '/file', { headers: ['range', 'bytes=0-1,5-6'] }],
      ['a part that is none', '/file', { headers: ['range', 'bytes=9999999-'] }],
      ['no body, as asked', '/file', { method: 'HEAD' }],
      ['no body to be had', '/nothing', {}],
      [
        'not modified',
        '/file',
        { headers: ['if-modified-since', 'Fri, 01 Jan 2100 00:00:00 GMT'] },
      ],
      ['an end of its connection', '/closed', {}],
      ['an error', '/missing', {}],
      ['a method refused', '/file', { method: 'POST', body: 'hello' }],
      ['a body refused', '/large', { method: 'PUT', body: 'x'.repeat(2_000_000) }],
    ]

    test.each(cases)('%s', async (_what, path, asked) => {
      // More often than it keeps a connection for: some meet one that it has just ended.
      for (let i = 0; i < 4; i += 1) {
        const direct = await stranger.ask(`${nginx.url}${path}`, asked)
        const carried = await browser.call(`${world.app}/n${path}`, asked)
        expect(carried.status).toBe(direct.status)
        const withoutBoundary = (text: string) => text.replaceAll(/\b\d{20}\b/g, 'boundary')
        expect(withoutBoundary(carried.text)).toBe(withoutBoundary(direct.text))
        for (const name of ['content-length', 'content-range', 'etag', 'content-encoding']) {
          expect(carried.header(name), name).toBe(direct.header(name))
        }
      }
    })

    test('a place of its own is translated, and all went over the lane in question', async () => {
      const answer = await browser.call(`${world.app}/n/moved`)
      expect([answer.status, answer.header('location')]).toEqual([302, '/n/short'])
      const counts = world.counts().filter(({ name }) => name === 'sallyport.requests')
      const fast = counts.find(({ labels }) => labels.lane === 'fast')?.value ?? 0
      expect(fast > cases.length).toBe(lanes.includes('fast'))
    })

    test('many at once get each their own', async () => {
      const asked = Array.from({ length: 40 }, (_, i) => i)
      const answers = await Promise.all(
        asked.map((i) =>
          browser.call(`${world.app}/n/file`, {
            headers: ['range', `bytes=${i * 1000}-${i * 1000 + i}`],
          }),
        ),
      )
      expect(answers.map(({ text }) => text.length)).toEqual(asked.map((i) => i + 1))
      const ranges = answers.map((answer) => answer.header('content-range'))
      expect(ranges).toEqual(asked.map((i) => `bytes ${i * 1000}-${i * 1000 + i}/${fileBytes}`))
    })
  },
)
