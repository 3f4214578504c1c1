import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endpoints } from '../../packages/bff/src/endpoints/table.ts'
import { type Browser, createBrowser } from '../world/browser.ts'
import { createVictim, crossSite, evil, navigation, type Victim } from '../world/forge.ts'
import { head, sendRaw } from '../world/raw.ts'
import { untouched } from '../world/untouched.ts'
import type { World } from '../world/world.ts'

let victim: Victim
let world: World
let browser: Browser
beforeAll(async () => {
  victim = await createVictim()
  ;({ world, browser } = victim)
})
afterAll(() => world.close())

const forge: Victim['forge'] = (forged) => victim.forge(forged)

describe('a request that another page makes', () => {
  test.each([
    ['urlencoded', 'application/x-www-form-urlencoded', 'sku=1&count=9'],
    ['multipart', 'multipart/form-data; boundary=x', '--x\r\n\r\n{}\r\n--x--'],
    ['text/plain with JSON', 'text/plain', '{"sku":1,"a":"="}'],
  ])('A130: a cross-site form, %s', async (_what, contentType, body) => {
    const headers = [...crossSite, ...navigation, 'content-type', contentType]
    for (const path of ['/api/orders', '/bff/logout', '/public/x', '/all/x']) {
      expect((await forge({ method: 'POST', path, headers, body })).status, path).toBe(403)
    }
    const old = ['origin', evil, 'content-type', contentType]
    expect((await forge({ method: 'POST', headers: old, body })).status).toBe(403)
  })

  const own = ['x-csrf', '1']
  const same = ['sec-fetch-site', 'same-origin']
  test.each<[string, string[]]>([
    ['A130: all right but for our header', [...same, 'sec-fetch-mode', 'cors']],
    ['A130: nothing at all', []],
    ['A132: a sibling', [...own, 'sec-fetch-site', 'same-site', 'origin', 'http://b.localhost']],
    ['A132: a sibling by its Origin alone', [...own, 'origin', 'http://b.localhost']],
    ['A132: another port of ours', [...own, ...same, 'origin', 'http://localhost:1']],
    ['A132: another scheme of ours', [...own, ...same, 'origin', 'https://localhost']],
    ['A133: our header, cross-site', [...own, 'sec-fetch-site', 'cross-site']],
    ['A133: our header, another Origin', [...own, ...same, 'origin', evil]],
    ['A133: our header, an opaque Origin', [...own, ...same, 'origin', 'null']],
    ['A133: our header, an empty Origin', [...own, ...same, 'origin', '']],
    ['A133: our header, another Referer', [...own, 'referer', `${evil}/x`]],
    ['A133: two Origins', [...own, ...same, 'origin', evil, 'origin', evil]],
    ['A133: two sites', [...own, ...same, 'sec-fetch-site', 'cross-site']],
    ['A134: our header, wrong', ['x-csrf', '0', ...same]],
    ['A134: our header, empty', ['x-csrf', '', ...same]],
    ['A134: our header, true', ['x-csrf', 'true', ...same]],
    ['A134: our header, longer', ['x-csrf', '11', ...same]],
    ['A134: our header, twice', ['x-csrf', '1', 'X-CSRF', '1', ...same]],
    ['A134: our header as a list', ['x-csrf', '1, 1', ...same]],
    ['A134: a name almost ours', ['x_csrf', '1', 'x-csrf-token', '1', ...same]],
    ['A136: a script element', ['sec-fetch-site', 'cross-site', 'sec-fetch-dest', 'script']],
    ['A136: an image of a sibling', ['sec-fetch-site', 'same-site', 'sec-fetch-dest', 'image']],
    ['A144: an event source elsewhere', [...crossSite, 'accept', 'text/event-stream']],
    ['A136: an address typed in', ['sec-fetch-site', 'none', ...navigation, 'accept', 'text/html']],
    [
      'A136: a link elsewhere',
      ['sec-fetch-site', 'cross-site', ...navigation, 'accept', 'text/html'],
    ],
  ])('%s: is refused for each guarded path and method', async (_row, headers) => {
    for (const [method, path] of [
      ['GET', '/api/orders'],
      ['HEAD', '/api/inventory/items'],
      ['DELETE', '/api/orders/7'],
      ['GET', '/all/x'],
      ['GET', '/bff/user'],
      ['POST', '/bff/logout'],
    ] as const) {
      const answer = await forge({ method, path, headers })
      expect(answer.status, `${method} ${path}`).toBe(403)
    }
  })

  test('A134: blanks around the value are not part of it', async () => {
    const headers = ['x-csrf', ' 1\t', 'sec-fetch-site', 'same-origin']
    expect((await browser.ask(`${world.app}/bff/user`, { headers })).status).toBe(200)
  })

  test('is told why in the words a caller can use, and reported', async () => {
    const before = world.logLines.length
    const answer = await forge({ headers: crossSite })
    expect(answer.json()).toMatchObject({ type: 'urn:sallyport:problem:csrf_rejected' })
    expect(world.logLines.slice(before).join('')).toContain('malicious_csrf')
  })
})

describe('a WebSocket handshake', () => {
  const handshake = (...lines: string[]) =>
    head(
      'GET /api/orders HTTP/1.1',
      `Host: ${new URL(world.app).host}`,
      `Cookie: __Host-Http-bff=${browser.cookies.get('__Host-Http-bff')}`,
      ...['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'],
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      ...lines,
    )
  const until = (text: string) => /\r\n\r\n./.test(text)

  test.each<[string, string[]]>([
    ['from another origin', [`Origin: ${evil}`]],
    ['from another origin, cross-site', [`Origin: ${evil}`, 'Sec-Fetch-Site: cross-site']],
    ['without an Origin', []],
    ['from an opaque one', ['Origin: null']],
    ['from a sibling', ['Origin: http://b.localhost', 'Sec-Fetch-Site: same-site']],
  ])('A141: %s: is refused before anything is asked', async (_from, lines) => {
    const answer = await untouched(world, () => sendRaw(world.app, handshake(...lines), { until }))
    expect(answer.statuses).toEqual([403])
  })

  test('A141: even of our own page, is never one for the upstream', async () => {
    const lines = [`Origin: ${world.app}`, 'X-CSRF: 1']
    const answer = await sendRaw(world.app, handshake(...lines), { until })
    expect(answer.statuses).toEqual([200])
    const recorded = world.orders.requests.at(-1)
    expect(recorded?.header('upgrade')).toBeUndefined()
    expect(recorded?.rawHeaders.join().toLowerCase()).not.toMatch(/websocket|upgrade/)
  })
})

describe('A148: guarded is', () => {
  test.each(
    endpoints.map(
      ({ method, path, caller }) => [method, path.replace('{id}', 'i'.repeat(43)), caller] as const,
    ),
  )('%s %s, for a %s', async (method, path, caller) => {
    const image = [...crossSite, 'sec-fetch-mode', 'no-cors', 'sec-fetch-dest', 'image']
    expect((await forge({ method, path, headers: image })).status).toBe(403)
    const script = [
      'sec-fetch-site',
      'same-origin',
      'sec-fetch-mode',
      'cors',
      'sec-fetch-dest',
      'empty',
    ]
    expect((await forge({ method, path, headers: script })).status).toBe(403)
    if (caller === 'script') expect((await forge({ method, path, headers: [] })).status).toBe(403)
  })

  test.each(['/api/orders', '/api/orders/x', '/api/inventory', '/all', '/all/x/y'])(
    'each method of the route of %s',
    async (path) => {
      for (const method of [
        'GET',
        'HEAD',
        'POST',
        'PUT',
        'PATCH',
        'DELETE',
        'OPTIONS',
        'PROPFIND',
      ]) {
        const answer = await forge({ method, path, headers: ['sec-fetch-site', 'same-origin'] })
        expect(answer.status, method).toBe(403)
      }
    },
  )

  test('a route without a token, against other sites', async () => {
    const visitor = createBrowser()
    for (const method of ['GET', 'POST']) {
      const url = `${world.app}/public/x`
      const answer = await untouched(world, () => visitor.ask(url, { method, headers: crossSite }))
      expect(answer.status, method).toBe(403)
    }
    expect((await visitor.ask(`${world.app}/public/x`)).status).toBe(200)
  })
})
