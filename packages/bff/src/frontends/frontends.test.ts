import { createSecret, randomToken } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { describe, expect, test } from 'vitest'
import type { Decision } from '../decision.ts'
import type { BffOptions } from '../options.ts'
import { createFrontends } from './create-frontends.ts'

const key = randomToken()
const secret = randomToken()

function frontend(publicUrl: string, more: Partial<BffOptions> = {}): BffOptions {
  return {
    publicUrl,
    ...{ issuer: 'https://idp.example', clientId: 'bff', clientAuthentication: { secret } },
    // Another object each time, as from a file that is read again.
    sealKeys: [{ kid: 'k1', key: createSecret(key) }],
    ...more,
  }
}

function setting() {
  let now = 1_000_000
  const telemetry = createTelemetry({ service: 'bff', level: 'silent' })
  const parts = { store: createMemoryStore(), telemetry, clock: () => now }
  const wait = (seconds: number) => {
    now += seconds
  }
  return { parts, wait }
}

function request(host: string, target = '/') {
  const headers = ['host', host, 'x-csrf', '1', 'x-forwarded-host', 'a.example']
  return { method: 'GET', target, headers, remoteAddress: '::1' }
}

function outcome(decision: Decision): string | number {
  if (decision.kind === 'pass') return `${decision.frontend} ${decision.path}`
  return decision.kind === 'respond' ? decision.status : decision.kind
}

describe('many frontends', () => {
  const all = ['https://a.example', 'https://a.example/shop', 'https://a.example/shop/x']

  test.each([
    ['a.example', '/', 'https://a.example /'],
    ['A.EXAMPLE', '/', 'https://a.example /'],
    ['a.example', '/shop', 'https://a.example/shop /'],
    ['a.example', '/shop/y', 'https://a.example/shop /y'],
    ['a.example', '/shop/x/y', 'https://a.example/shop/x /y'],
    ['a.example', '/sh%6Fp/x', 'https://a.example/shop/x /'],
    ['a.example', '/shopping', 'https://a.example /shopping'],
    ['b.example', '/only/y', 'https://b.example/only /y'],
    ['b.example', '/', 404],
    ['b.example', '/only/../x', 400],
    ['c.example', '/', 421],
    ['a.example.', '/', 421],
    ['a.example:8443', '/', 421],
    ['x@a.example', '/', 421],
  ])('A054: Host %s and path %s are %s, whatever is forwarded', async (host, target, expected) => {
    const frontends = createFrontends(
      { frontends: [...all, 'https://b.example/only'].map((url) => frontend(url)) },
      setting().parts,
    )
    expect(outcome(await frontends.decide(request(host, target)))).toBe(expected)
  })

  test('let pages read why a head was refused unread, each those that it allows', async () => {
    const allowedOrigins = ['https://www.a.example']
    const options = [
      frontend('https://a.example'),
      frontend('https://a.example/shop', { allowedOrigins }),
    ]
    const frontends = createFrontends({ frontends: options }, setting().parts)
    const readers = async (target: string, origin: string) => {
      const head = request('a.example', target)
      const headers = [...head.headers, 'origin', origin, 'sec-fetch-site', 'same-site']
      const decision = await frontends.decide({ ...head, headers })
      if (decision.kind !== 'respond' || decision.status !== 400) throw new Error('not refused')
      const at = decision.headers.indexOf('access-control-allow-origin')
      return at < 0 ? undefined : decision.headers[at + 1]
    }
    expect(await readers('/shop/%zz', 'https://www.a.example')).toBe('https://www.a.example')
    expect(await readers('/shop/%zz', 'https://evil.a.example')).toBeUndefined()
    expect(await readers('/%zz', 'https://www.a.example')).toBeUndefined()
    await frontends.close()
  })

  test('show all their problems at once, each by its place', () => {
    const broken = [
      frontend('http://a.example'),
      frontend('https://a.example', { sealKeys: [{ kid: 'k', key: createSecret('short') }] }),
      ...['https://b.example', 'https://b.example/', 'https://b.example/bff'].map((url) =>
        frontend(url),
      ),
    ]
    const attempt = () => createFrontends({ frontends: broken }, setting().parts)
    for (const line of [
      /^ {2}frontends\[0\]\.publicUrl: must be https/m,
      /^ {2}frontends\[1\]\.sealKeys: seal keys: the key of kid "k"/m,
      /^ {2}frontends\[3\]\.publicUrl: is that of frontends\[2\]/m,
      /^ {2}frontends\[4\]\.publicUrl: collides with the endpoints below \/bff of frontends\[2\]/m,
    ]) {
      expect(attempt).toThrow(line)
    }
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_CONFIG_INVALID' }))
  })
})

describe('a reload', () => {
  test('keeps what is the same, changes what is not, and drops what is gone', async () => {
    const { parts } = setting()
    const urls = ['https://a.example', 'https://b.example', 'https://c.example']
    const frontends = createFrontends({ frontends: urls.map((url) => frontend(url)) }, parts)
    const [a, b] = frontends.bffs
    const next = [
      frontend('https://a.example', { scopes: undefined }),
      frontend('https://b.example', { clientAuthentication: { secret: randomToken() } }),
      frontend('https://d.example'),
    ]
    frontends.reload({ frontends: next })
    expect(frontends.bffs.map(({ config }) => config.frontend)).toEqual([
      'https://a.example',
      'https://b.example',
      'https://d.example',
    ])
    expect(frontends.bffs[0]).toBe(a)
    expect(frontends.bffs[1]).not.toBe(b)
    expect(outcome(await frontends.decide(request('c.example')))).toBe(421)
  })

  test('that is broken in one place changes nothing in any', async () => {
    const frontends = createFrontends(
      { frontends: [frontend('https://a.example')] },
      setting().parts,
    )
    const before = frontends.bffs
    const broken = [frontend('https://b.example'), frontend('https://c.example', { issuer: 'x' })]
    expect(() => frontends.reload({ frontends: broken })).toThrow(/^ {2}frontends\[1\]\.issuer: /m)
    expect(frontends.bffs).toEqual(before)
    expect(outcome(await frontends.decide(request('b.example')))).toBe(421)
    expect(outcome(await frontends.decide(request('a.example')))).toBe('https://a.example /')
  })

  test.each([
    ['another seal key', { sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }] }],
    ['another route', { routes: [{ match: '/api/*', upstream: 'http://api.internal' }] }],
    ['another lifetime', { session: { idleTimeout: 60 } }],
  ])('sees %s', (_what, change) => {
    const frontends = createFrontends(
      { frontends: [frontend('https://a.example')] },
      setting().parts,
    )
    const [before] = frontends.bffs
    frontends.reload({ frontends: [frontend('https://a.example', change)] })
    expect(frontends.bffs[0]).not.toBe(before)
  })
})

describe('tenants', () => {
  const tenant = (url: string) => frontend(url)

  test('are looked up once for many requests, and again when the answer is old', async () => {
    const { parts, wait } = setting()
    const asked: unknown[] = []
    const frontends = createFrontends(
      {
        tenants: {
          async resolve(place) {
            asked.push(place)
            return place.host === 'a.example' ? tenant('https://a.example') : undefined
          },
        },
      },
      parts,
    )
    const ask = async (host: string) => outcome(await frontends.decide(request(host)))
    expect(await Promise.all([ask('a.example'), ask('a.example'), ask('b.example')])).toEqual([
      ...['https://a.example /', 'https://a.example /', 421],
    ])
    expect([await ask('a.example'), await ask('b.example')]).toEqual(['https://a.example /', 421])
    expect(asked).toEqual([{ host: 'a.example' }, { host: 'b.example' }])
    wait(60)
    expect([await ask('a.example'), await ask('b.example')]).toEqual(['https://a.example /', 421])
    expect(asked).toHaveLength(4)
  })

  test('that cannot be looked up are 503, never 421, and known ones are served meanwhile', async () => {
    const { parts, wait } = setting()
    let isDown = false
    const frontends = createFrontends(
      {
        tenants: {
          async resolve({ host }) {
            if (isDown) throw new Error('no database')
            return tenant(`https://${host}`)
          },
        },
      },
      parts,
    )
    const ask = async (host: string) => outcome(await frontends.decide(request(host)))
    expect(await ask('a.example')).toBe('https://a.example /')
    isDown = true
    wait(60)
    expect([await ask('a.example'), await ask('b.example')]).toEqual(['https://a.example /', 503])
    wait(60)
    expect(await ask('a.example')).toBe(503)
    isDown = false
    expect([await ask('a.example'), await ask('b.example')]).toEqual([
      ...['https://a.example /', 'https://b.example /'],
    ])
  })

  test('survive a flood of hosts that do not exist', async () => {
    const asked: string[] = []
    const frontends = createFrontends(
      {
        tenants: {
          most: 2,
          async resolve({ host }) {
            asked.push(host)
            return host === 'a.example' ? tenant('https://a.example') : undefined
          },
        },
      },
      setting().parts,
    )
    await frontends.decide(request('a.example'))
    for (let i = 0; i < 10; i += 1) await frontends.decide(request(`x${i}.example`))
    await frontends.decide(request('a.example'))
    expect(asked.filter((host) => host === 'a.example')).toHaveLength(1)
    await frontends.decide(request('x0.example'))
    expect(asked.filter((host) => host === 'x0.example')).toHaveLength(2)
  })

  test('are told apart by the first segment of the path when that is said', async () => {
    const resolve = async ({ host, segment }: { host: string; segment?: string | undefined }) => {
      if (segment === 'wrong') return tenant(`https://${host}`)
      return segment === 'acme' ? tenant(`https://${host}/acme`) : undefined
    }
    const frontends = createFrontends({ tenants: { by: 'segment', resolve } }, setting().parts)
    const ask = async (target: string) =>
      outcome(await frontends.decide(request('t.example', target)))
    expect(await ask('/acme/x')).toBe('https://t.example/acme /x')
    expect([await ask('/'), await ask('/other/acme'), await ask('/wrong/x')]).toEqual([
      421, 421, 503,
    ])
  })
})
