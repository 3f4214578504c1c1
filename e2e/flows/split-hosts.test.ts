import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { openEvents } from '../world/event-stream.ts'
import { eventually } from '../world/eventually.ts'
import { corsOf, createSplitWorld, type SplitWorld, scriptOf } from '../world/split-world.ts'
import { untouched } from '../world/untouched.ts'
import type { World } from '../world/world.ts'

let split: SplitWorld
let world: World
let www: string
let browser: Browser
beforeAll(async () => {
  split = await createSplitWorld()
  ;({ world, www } = split)
  browser = await world.signIn()
})
afterAll(() => split?.close())

const csrf = ['x-csrf', '1']

interface Call {
  method?: string
  headers?: string[]
  by?: Browser
}

function call(path: string, { method = 'GET', headers = [], by = browser }: Call = {}) {
  return by.ask(`${world.app}${path}`, { method, headers: [...scriptOf(www), ...csrf, ...headers] })
}

function preflight(path: string, origin: string, rest: string[] = []) {
  const asked = ['access-control-request-method', 'GET', 'access-control-request-headers', 'x-csrf']
  return untouched(world, () =>
    browser.ask(`${world.app}${path}`, {
      method: 'OPTIONS',
      headers: [...scriptOf(origin), ...asked, ...rest],
      withoutCookies: true,
    }),
  )
}

const readable = () => ({ 'allow-origin': [www], 'allow-credentials': ['true'] })

describe('a preflight of an allowed origin', () => {
  test.each([
    ['/api/orders', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
    ['/api/orders/7', 'GET, HEAD, POST, PUT, PATCH, DELETE'],
    ['/read', 'GET'],
    ['/bff/user', 'GET'],
    ['/bff/logout', 'POST'],
    ['/bff/events', 'GET'],
  ])('for %s is answered without a session: %s', async (path, methods) => {
    const answer = await preflight(path, www)
    expect(answer.status).toBe(204)
    expect(corsOf(answer)).toEqual({
      ...readable(),
      'allow-methods': [methods],
      'allow-headers': ['content-type, traceparent, x-csrf'],
      'max-age': ['600'],
    })
    expect(answer.headers('vary')).toContain('origin')
    expect(answer.headers('set-cookie')).toEqual([])
    expect(answer.header('content-length')).toBeUndefined()
  })

  test('A137: allows the headers that go on to an API, and none that speaks for the BFF', async () => {
    const names =
      'If-Match, x-custom,authorization, cookie, x-forwarded-for,dpop, x-user-id, x_a, *'
    const answer = await preflight('/api/orders', www, ['access-control-request-headers', names])
    expect(corsOf(answer)['allow-headers']).toEqual([
      'content-type, traceparent, x-csrf, if-match, x-custom',
    ])
  })

  test.each(['/bff/login', '/bff/callback', '/bff/backchannel', '/bff/signals', '/bff/x', '/'])(
    'A137: for %s, where no script may call, allows nothing',
    async (path) => {
      const answer = await preflight(path, www)
      expect([404, 405]).toContain(answer.status)
      expect(corsOf(answer)['allow-methods']).toBeUndefined()
    },
  )
})

describe('an origin that is not listed', () => {
  test.each([
    ['evil', 'https://evil.example', 'cross-site'],
    ['a sibling', 'http://localhost:2', 'same-site'],
    ['the superstring of a listed one', 'http://localhost:10', 'same-site'],
    ['its other scheme', 'https://localhost:1', 'cross-site'],
    ['an opaque one', 'null', 'cross-site'],
    ['an empty one', '', 'same-site'],
    ['a list', 'http://localhost:1 http://localhost:2', 'same-site'],
    ['a listed one across sites', 'http://localhost:1', 'cross-site'],
    ['a listed one that is ours', 'http://localhost:1', 'same-origin'],
  ])('A132, A137: %s: is refused, and told nothing', async (_what, origin, site) => {
    const asked = ['access-control-request-method', 'POST']
    for (const [method, path] of [
      ['OPTIONS', '/api/orders'],
      ['OPTIONS', '/bff/user'],
      ['GET', '/api/orders'],
      ['POST', '/bff/logout'],
      ['GET', '/bff/user'],
      ['GET', '/bff/events'],
    ] as const) {
      const headers = [...scriptOf(origin, site), ...csrf, ...(method === 'OPTIONS' ? asked : [])]
      const answer = await untouched(world, () =>
        browser.ask(`${world.app}${path}`, { method, headers }),
      )
      expect([403, 405], `${method} ${path}`).toContain(answer.status)
      expect(corsOf(answer)).toEqual({})
      expect(answer.headers('vary')).toContain('origin')
    }
    for (const [status, path] of [
      [400, '/api/%zz'],
      [404, '/nothing'],
    ] as const) {
      const answer = await browser.ask(`${world.app}${path}`, { headers: scriptOf(origin, site) })
      expect([answer.status, corsOf(answer)]).toEqual([status, {}])
    }
  })
})

describe('a page of an allowed origin', () => {
  test('calls the BFF and APIs with the session', async () => {
    const person = await call('/bff/user')
    expect(person.status).toBe(200)
    expect(corsOf(person)).toEqual(readable())

    const before = world.orders.requests.length
    const answer = await call('/api/orders/7?x=1', {
      method: 'POST',
      headers: ['traceparent', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, 'if-match', '"1"'],
    })
    expect([answer.status, corsOf(answer)]).toEqual([200, readable()])
    const recorded = world.orders.requests[before]
    expect(recorded?.header('authorization')).toMatch(/^Bearer eyJ/)
    expect(recorded?.header('traceparent')).toContain('a'.repeat(32))
    expect(recorded?.header('if-match')).toBe('"1"')
    expect(recorded?.header('origin')).toBeUndefined()
    expect(answer.header('cross-origin-resource-policy')).toBe('same-origin')
  })

  test('A138: reads what an API says, but not what it says about origins', async () => {
    world.orders.answer = (_request, response) => {
      response.writeHead(201, {
        ...{ etag: '"1"', 'x-total-count': '7', location: '/orders/8' },
        'access-control-allow-origin': 'https://evil.example',
        'access-control-allow-credentials': 'false',
        'access-control-expose-headers': '*',
        'access-control-max-age': '86400',
        ...{ vary: 'accept', 'set-cookie': 'a=b' },
      })
      response.end('{}')
    }
    const answer = await call('/api/orders', { method: 'POST' })
    world.orders.answer = undefined
    expect(answer.status).toBe(201)
    const { 'expose-headers': exposed, ...rest } = corsOf(answer)
    expect(rest).toEqual(readable())
    expect(exposed?.[0]?.split(', ')).toEqual(
      expect.arrayContaining(['etag', 'x-total-count', 'location']),
    )
    expect(exposed?.[0]).not.toMatch(/cookie|policy|vary/)
    expect(answer.headers('vary')).toEqual(['accept', 'origin'])
  })

  test('reads every error', async () => {
    const anonymous = createBrowser()
    for (const [status, path, options] of [
      [401, '/bff/user', { by: anonymous }],
      [401, '/api/orders', { by: anonymous }],
      [400, '/api/%zz', {}],
      [400, '/api//orders', {}],
      [400, '/api/orders', { headers: Array.from({ length: 512 }, (_, i) => `x-${i % 2}`) }],
      [404, '/bff/nothing', {}],
      [404, '/nothing', {}],
      [404, '/nothing', { method: 'POST' }],
      [405, '/read', { method: 'DELETE' }],
      [405, '/bff/user', { method: 'PUT' }],
      [502, '/gone', {}],
    ] as const) {
      const answer = await call(path, options)
      expect([answer.status, corsOf(answer)], path).toEqual([status, readable()])
      expect(answer.header('content-type')).toBe('application/problem+json')
    }
  })

  test('reads that it has to come back later, and when', async () => {
    const own = await world.signIn()
    await world.stopIssuer()
    const answer = await call('/api/inventory/x', { by: own }).finally(() => world.startIssuer())
    expect(answer.status).toBe(503)
    expect(corsOf(answer)).toEqual({ ...readable(), 'expose-headers': ['retry-after'] })
  })

  test('holds the event stream, and learns when it has to come back', async () => {
    const own = await world.signIn()
    const stream = await openEvents(own, world.app, { origin: www, 'sec-fetch-site': 'same-site' })
    expect(stream.headers).toMatchObject({
      'access-control-allow-origin': www,
      'access-control-allow-credentials': 'true',
    })
    await eventually(() => stream.events).toHaveLength(1)
    await call('/bff/logout', { method: 'POST', by: own })
    await eventually(() => stream.isEnded).toBe(true)
    expect(stream.events.at(-1)).toEqual({ type: 'ended', reason: 'logout' })
  })

  const navigation = ['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'document']
  test.each<[string, string[]]>([
    ['A130: without our header', ['sec-fetch-site', 'same-site', 'sec-fetch-mode', 'cors']],
    ['A130: a form', ['sec-fetch-site', 'same-site', ...navigation]],
    ['A134: our header, wrong', ['sec-fetch-site', 'same-site', 'x-csrf', '0']],
    ['A134: our header, twice', ['sec-fetch-site', 'same-site', ...csrf, ...csrf]],
  ])('%s: must prove itself like our own', async (_row, headers) => {
    for (const [method, path] of [
      ['GET', '/api/orders'],
      ['POST', '/api/orders'],
      ['POST', '/bff/logout'],
      ['GET', '/bff/user'],
    ] as const) {
      const answer = await untouched(world, () =>
        browser.ask(`${world.app}${path}`, { method, headers: ['origin', www, ...headers] }),
      )
      expect(answer.status, `${method} ${path}`).toBe(403)
    }
  })

  test.each<[string, string[]]>([
    ['A136: a link', [...navigation, 'accept', 'text/html']],
    ['A136: an image', ['sec-fetch-mode', 'no-cors', 'sec-fetch-dest', 'image']],
    ['A136: a frame', ['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'iframe']],
    ['A136: a script element', [...csrf, 'sec-fetch-mode', 'no-cors', 'sec-fetch-dest', 'script']],
  ])('%s: names no Origin, so it is nobody’s', async (_row, headers) => {
    const own = ['sec-fetch-site', 'same-site', 'referer', `${www}/`, ...headers]
    for (const path of ['/api/orders', '/bff/user', '/bff/events', '/gone']) {
      const answer = await untouched(world, () =>
        browser.ask(`${world.app}${path}`, { headers: own }),
      )
      expect(answer.status, path).toBe(403)
      expect(corsOf(answer)).toEqual({})
    }
  })
})
