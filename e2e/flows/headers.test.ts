import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from '../world/browser.ts'
import { head, ownLines, sendRaw } from '../world/raw.ts'
import type { Recorded } from '../world/recorder.ts'
import { createWorld, type World } from '../world/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld({
    gateway: (options) => {
      const upstream = `${options.bff.routes?.[0]?.upstream}/public`
      const open = { match: '/public/*', upstream, token: 'none' as const }
      return { ...options, bff: { ...options.bff, routes: [...(options.bff.routes ?? []), open] } }
    },
  })
  browser = await world.signIn()
})
afterAll(() => world.close())

interface Sent {
  lines?: string[]
  method?: string
  path?: string
  body?: string
}

/** Sends lines as they are, over a socket of our own, and gives what the upstream got to see. */
async function pass({ lines = [], method = 'GET', path = '/api/orders', body = '' }: Sent) {
  const own = path.startsWith('/public')
    ? ownLines(world.app).slice(0, 1)
    : ownLines(world.app, browser)
  const before = world.orders.requests.length
  const bytes = head(`${method} ${path} HTTP/1.1`, ...own, ...lines, 'Connection: close') + body
  const { statuses } = await sendRaw(world.app, bytes)
  expect(statuses).toEqual([200])
  expect(world.orders.requests).toHaveLength(before + 1)
  return world.orders.requests.at(-1) as Recorded
}

const values = ({ rawHeaders }: Recorded, name: string) =>
  rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)

/** What the BFF itself says, each once, whatever the client said. */
function expectOurs(recorded: Recorded): void {
  expect(values(recorded, 'authorization')).toEqual([expect.stringMatching(/^Bearer eyJ/)])
  expect(values(recorded, 'host')).toEqual([new URL(world.settings.publicUrls.orders).host])
  expect(values(recorded, 'x-forwarded-for')).toEqual([
    expect.stringMatching(/^(?:::ffff:)?127\.0\.0\.1$|^::1$/),
  ])
  expect(values(recorded, 'x-forwarded-host')).toEqual([new URL(world.app).host])
  expect(values(recorded, 'x-forwarded-proto')).toEqual(['http'])
  expect(values(recorded, 'traceparent')).toEqual([expect.stringMatching(/^00-[\da-f]{32}-/)])
  expect(values(recorded, 'cookie')).toEqual([])
  expect(values(recorded, 'x-csrf')).toEqual([])
}

describe('a request on its way to an API', () => {
  test.each([
    ['A090: a token of the client’s own', ['Authorization: Bearer attacker']],
    ['A090: two of them', ['Authorization: Bearer a', 'authorization: Basic YTpi']],
    ['A090: a folded name', ['AUTHORIZATION: Bearer a', 'Proxy-Authorization: Basic YTpi']],
    ['A092: Connection names ours', ['Connection: authorization']],
    ['A092: in other case', ['connection: close, Authorization, HOST, X-Forwarded-For']],
    ['A092: with blanks and tabs', ['Connection:\t authorization ,\ttraceparent,,cookie ']],
    ['A092: in two fields', ['Connection: keep-alive', 'Connection: authorization, x-csrf']],
    ['A092: names of framing', ['Connection: content-length, transfer-encoding, host']],
    ['A094: forwarded headers', ['X-Forwarded-For: 1.2.3.4', 'X-Forwarded-Host: evil']],
    ['A094: and their kind', ['Forwarded: for=1.2.3.4;host=evil', 'X-Forwarded-Proto: https']],
    ['A094: repeated', ['X-Forwarded-For: 1.2.3.4', 'x-forwarded-for: 5.6.7.8']],
    ['A105: names of prototypes', ['__proto__: evil', 'constructor: x', 'toString: x']],
  ])('%s: carries what the BFF says, and only that', async (_row, lines) => {
    const recorded = await pass({ lines })
    expectOurs(recorded)
    expect(JSON.stringify(recorded.rawHeaders)).not.toMatch(/evil|attacker|YTpi|1\.2\.3\.4/)
  })

  test('A092: loses what Connection names, and nothing of ours', async () => {
    const lines = [
      ...['Connection: x-hop, authorization', 'connection:X-Other'],
      ...['X-Hop: 1', 'X-Other: 2', 'X-Kept: 3'],
    ]
    const recorded = await pass({ lines })
    expectOurs(recorded)
    expect(values(recorded, 'x-hop')).toEqual([])
    expect(values(recorded, 'x-other')).toEqual([])
    expect(values(recorded, 'x-kept')).toEqual(['3'])
  })

  test('A092: keeps its body when Connection names its length', async () => {
    const lines = ['Connection: content-length', 'Content-Length: 5']
    const recorded = await pass({ method: 'POST', lines, body: 'hello' })
    expect(recorded.body).toBe('hello')
    expect(values(recorded, 'content-length')).toEqual(['5'])
  })

  const hops = ['Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Upgrade', 'HTTP2-Settings']
  const forwarded = [
    ...['X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Forwarded-Uri', 'X-Forwarded-User', 'Via'],
    ...['X-Real-IP', 'X-Original-URL', 'X-Rewrite-URL', 'X-Original-Forwarded-For', 'X-Scheme'],
    ...['X-Cluster-Client-IP', 'True-Client-IP', 'CF-Connecting-IP', 'Fastly-Client-IP'],
    ...['X-HTTP-Method-Override', 'Front-End-Https', 'X-URL-Scheme'],
  ]
  const aliases = [
    ...['X_Forwarded_User', 'X-Forwarded_User', 'X.User', 'x_USER_id', 'X!User', 'X~Forwarded'],
  ]
  const identities = [
    ...['X-User-ID', 'X-Auth-Request-Email', 'Remote-User', 'Remote-Groups', 'Remote-Email'],
    ...['X-Remote-User', 'X-WebAuth-User', 'OIDC-Claim-Sub', 'Tailscale-User-Login'],
    ...['X-Goog-Authenticated-User-Email', 'X-Pomerium-Jwt-Assertion', 'X-Vouch-User'],
    ...['X-Token-Subject', 'X-Jwt-Assertion', 'X-Id-Token', 'X-Access-Token', 'X-Consumer-ID'],
    ...['X-MS-Client-Principal', 'X-Amzn-Oidc-Data', 'Client-Cert', 'SSL-Client-Cert', 'DPoP'],
  ]
  const others = ['X-Middleware-Subrequest', 'Sec-Fetch-Dest', 'Baggage', 'B3', 'X-B3-TraceId']
  const rows = Object.entries({
    A093: hops,
    A094: forwarded,
    A096: aliases,
    A097: identities,
    A102: others,
  }).flatMap(([row, names]) => names.map((name) => [row, name]))

  test.each(rows)('%s: %s of the client never passes', async (_row, name) => {
    const lines = [`${name}: evil`, `${name?.toLowerCase()}: evil2`]
    const recorded = await pass({ lines })
    expectOurs(recorded)
    expect(JSON.stringify(recorded.rawHeaders)).not.toContain('evil')
  })

  test('A097: carries no identity at all where the BFF has none to give', async () => {
    const lines = [...identities, ...aliases, ...forwarded, 'Authorization', 'Cookie'].map(
      (name) => `${name}: evil`,
    )
    const recorded = await pass({ path: '/public/x', lines })
    expect(recorded.path).toBe('/orders/public/x')
    expect(values(recorded, 'authorization')).toEqual([])
    expect(JSON.stringify(recorded.rawHeaders)).not.toContain('evil')
    expect(values(recorded, 'x-forwarded-host')).toEqual([new URL(world.app).host])
  })

  test('keeps what is the application’s own', async () => {
    const own = {
      accept: 'application/json, */*;q=0.1',
      'accept-language': 'de',
      'content-type': 'application/json',
      'if-none-match': '"1", W/"2"',
      'idempotency-key': 'a-b',
      range: 'bytes=0-9',
      'x-custom': 'caf\xE9 \xE2\x82\xAC',
    }
    const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}`)
    const recorded = await pass({
      method: 'POST',
      lines: [...lines, 'Content-Length: 2'],
      body: '{}',
    })
    for (const [name, value] of Object.entries(own)) expect(values(recorded, name)).toEqual([value])
  })
})
