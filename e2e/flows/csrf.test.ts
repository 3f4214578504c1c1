import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endpoints } from '../../packages/bff/src/endpoints/table.ts'
import { type Answer, type Browser, createBrowser } from '../world/browser.ts'
import { head, sendRaw } from '../world/raw.ts'
import { untouched } from '../world/untouched.ts'
import { createWorld, type World } from '../world/world.ts'

const evil = 'https://evil.example'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld({
    gateway: (options) => {
      const [orders] = options.bff.routes ?? []
      const routes = [
        ...(options.bff.routes ?? []),
        { match: '/public/*', upstream: `${orders?.upstream}/public`, token: 'none' as const },
        { match: '/all/*', upstream: `${orders?.upstream}`, methods: ['GET', 'OPTIONS', 'POST'] },
      ]
      return { ...options, bff: { ...options.bff, routes } }
    },
  })
  browser = await world.signIn()
})
afterAll(() => world.close())

interface Forged {
  method?: string
  path?: string
  headers: string[]
  body?: string
}

/** A request with the victim's cookies that must change nothing, here or anywhere. */
async function forge({ method = 'GET', path = '/api/orders', headers, body }: Forged) {
  const rest = body === undefined ? {} : { body }
  const answer = await untouched(world, () =>
    browser.ask(`${world.app}${path}`, { method, headers, ...rest }),
  )
  expect(answer.headers('set-cookie')).toEqual([])
  expectNoCors(answer)
  expectUnframed(answer)
  return answer
}

function expectNoCors({ rawHeaders }: Answer): void {
  expect(rawHeaders.join('\n').toLowerCase()).not.toContain('access-control-')
}

/** By nobody, or for the pages that talk to their frames: by our own. */
const unframed = () =>
  new RegExp(`frame-ancestors (?:'none'|${world.app.replaceAll('.', '\\.')})(?:;|$)`)

function expectUnframed(answer: Answer): void {
  expect(answer.header('content-security-policy')).toMatch(unframed())
  expect(answer.header('x-content-type-options')).toBe('nosniff')
  expect(answer.header('cross-origin-resource-policy')).toBe('same-origin')
  expect(answer.header('cache-control')).toBe('no-store')
}

const crossSite = ['sec-fetch-site', 'cross-site', 'origin', evil]
const form = ['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'document']

describe('a request that another page makes', () => {
  test.each([
    ['urlencoded', 'application/x-www-form-urlencoded', 'sku=1&count=9'],
    ['multipart', 'multipart/form-data; boundary=x', '--x\r\n\r\n{}\r\n--x--'],
    ['text/plain with JSON', 'text/plain', '{"sku":1,"a":"="}'],
  ])('A130: a cross-site form, %s', async (_what, contentType, body) => {
    const headers = [...crossSite, ...form, 'content-type', contentType]
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
    ['A136: an address typed in', ['sec-fetch-site', 'none', ...form, 'accept', 'text/html']],
    ['A136: a link elsewhere', ['sec-fetch-site', 'cross-site', ...form, 'accept', 'text/html']],
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

describe('CORS', () => {
  test.each(['/api/orders', '/bff/user', '/bff/logout', '/bff/login', '/public/x', '/all/x', '/'])(
    'A137: a preflight for %s ends here and allows nothing',
    async (path) => {
      const asked = ['access-control-request-method', 'POST']
      for (const headers of [
        [...crossSite, ...asked, 'access-control-request-headers', 'x-csrf'],
        ['origin', evil, ...asked],
        ['origin', 'http://b.localhost', ...asked, 'sec-fetch-site', 'same-site'],
      ]) {
        const answer = await forge({ method: 'OPTIONS', path, headers })
        expect([400, 403, 404, 405]).toContain(answer.status)
      }
    },
  )

  test('A138: what an upstream allows other origins is not passed on', async () => {
    world.orders.answer = (request, response) => {
      response.writeHead(200, {
        'access-control-allow-origin': request.headers.origin ?? '*',
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': 'x-csrf',
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-private-network': 'true',
        'access-control-expose-headers': '*',
        'access-control-max-age': '86400',
        'timing-allow-origin': '*',
      })
      response.end('{}')
    }
    const answer = await browser.call(`${world.app}/api/orders`)
    world.orders.answer = undefined
    expect(answer.status).toBe(200)
    expectNoCors(answer)
    expect(answer.header('timing-allow-origin')).toBeUndefined()
  })
})

describe('a sign-in that another page starts', () => {
  test.each([
    ['A140: in a frame', ['sec-fetch-dest', 'iframe', 'sec-fetch-mode', 'navigate']],
    ['A140: by fetch', ['sec-fetch-dest', 'empty', 'sec-fetch-mode', 'no-cors']],
    ['A140: as an image', ['sec-fetch-dest', 'image', 'sec-fetch-mode', 'no-cors']],
    ['A029: ahead of time', [...form, 'sec-purpose', 'prefetch;prerender']],
    ['A029: ahead of time, old', [...form, 'purpose', 'prefetch']],
  ])('%s: starts and ends nothing', async (_row, headers) => {
    for (const path of ['/bff/login', '/bff/callback?code=x&state=y', '/bff/logout?sid=x']) {
      const answer = await forge({ path, headers: [...headers, 'sec-fetch-site', 'cross-site'] })
      // A callback in a frame is told to the page around it, which must be of our own.
      const isTold = headers[1] === 'iframe' && path.startsWith('/bff/callback')
      expect(answer.status, path).toBe(isTold ? 400 : 403)
    }
  })

  test('A140: cannot be finished in a browser that did not start it', async () => {
    const victim = createBrowser()
    const attacker = createBrowser()
    const page = await attacker.navigate(`${world.app}/bff/login`)
    const state = [...attacker.cookies.keys()].find((n) => n.includes('.tx.'))?.split('.tx.')[1]
    expect(page.answer.status).toBe(200)
    const answer = await untouched(world, () =>
      victim.ask(`${world.app}/bff/callback?code=attacker&state=${state}&iss=${world.issuer}`, {
        headers: [...form, ...crossSite.slice(0, 2)],
      }),
    )
    expect(answer.status).toBe(400)
    expect(victim.cookies.size).toBe(0)
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

describe('an answer', () => {
  test.each<[string, number, string, string[]]>([
    ['the user', 200, '/bff/user', []],
    ['an API', 200, '/api/orders', []],
    ['no such endpoint', 404, '/bff/nothing', []],
    ['no such path', 404, '/nothing', []],
    ['a malformed target', 400, '/api/%zz', []],
    ['another host', 421, '/api/orders', ['host', 'evil']],
    ['a return URL', 400, '/bff/login?returnUrl=//x', [...form, 'accept', 'text/html']],
    ['a refused callback', 400, '/bff/callback', [...form, 'accept', 'text/html']],
    ['a refused sign-out', 400, '/bff/logout?sid=x', [...form, 'accept', 'text/html']],
  ])('A145: %s (%i): can be framed by nobody', async (_what, status, path, headers) => {
    const page = headers[0] === 'sec-fetch-mode'
    const url = `${world.app}${path}`
    const answer = await (page ? browser.ask(url, { headers }) : browser.call(url, { headers }))
    expect(answer.status).toBe(status)
    expectUnframed(answer)
  })

  test('A145: a redirect too', async () => {
    const answer = await createBrowser().ask(`${world.app}/bff/login`)
    expect(answer.status).toBe(303)
    expectUnframed(answer)
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
