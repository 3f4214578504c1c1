import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { createWorld, type World } from '../world/world.ts'

const loopback = ['127.0.0.1', '::1']

describe.each(['x-forwarded-for', 'forwarded'] as const)('a proxy that writes %s', (header) => {
  let world: World
  let browser: Browser
  beforeAll(async () => {
    world = await createWorld({
      gateway: (options) => ({ ...options, trustedProxies: { addresses: loopback, header } }),
    })
    browser = await world.signIn()
  })
  afterAll(() => world.close())

  /** What a proxy writes for a client, after what the client said itself. */
  const written = (...clients: string[]) =>
    clients.map((client) => (header === 'forwarded' ? `for="${client}"` : client)).join(', ')

  async function upstreamSees(headers: string[]) {
    const before = world.orders.requests.length
    const answer = await browser.call(`${world.app}/api/orders`, { headers })
    expect(answer.status).toBe(200)
    const { rawHeaders = [] } = world.orders.requests[before] ?? {}
    expect(world.orders.requests).toHaveLength(before + 1)
    const pairs = rawHeaders.map((text, i) => [text.toLowerCase(), rawHeaders[i + 1]])
    return pairs.filter(([name], i) => i % 2 === 0 && /forwarded|real-ip/.test(name ?? ''))
  }

  const ours = (client: unknown) => [
    ['x-forwarded-for', client],
    ['x-forwarded-host', new URL(world.app).host],
    ['x-forwarded-proto', 'http'],
  ]
  const peer = expect.stringMatching(/^(?:127\.0\.0\.1|::1)$/)

  test('names the client to an API, and in each line of the log', async () => {
    const before = world.logLines.length
    expect(await upstreamSees([header, written('198.51.100.7')])).toEqual(ours('198.51.100.7'))
    const lines = () => world.logLines.slice(before).map((line) => JSON.parse(line))
    await expect.poll(() => lines().map(({ message }) => message)).toContain('request')
    const own = lines().filter(({ service }) => service === 'bff')
    expect(own.map((line) => line.client_address)).toEqual(own.map(() => '198.51.100.7'))
  })

  test('A094: is believed about the client alone, and only in that header', async () => {
    const [other, word] =
      header === 'forwarded' ? ['x-forwarded-for', '6.6.6.6'] : ['forwarded', 'for=6.6.6.6']
    const kind = ['host', 'proto', 'port', 'prefix', 'uri', 'user'].flatMap((name) => [
      ...[`x-forwarded-${name}`, 'evil'],
    ])
    const headers = [...kind, 'x-real-ip', '6.6.6.6', other as string, word as string]
    expect(await upstreamSees(headers)).toEqual(ours(peer))
    expect(await upstreamSees([...headers, header, written('6.6.6.6', '198.51.100.7')])).toEqual(
      ours('198.51.100.7'),
    )
  })

  test('A094: is no more than a peer when what it wrote cannot be read', async () => {
    for (const value of ['for="', 'unknown', '_hidden', 'evil', written('evil')]) {
      expect(await upstreamSees([header, value])).toEqual(ours(peer))
    }
  })

  test('A054: changes no URL: they are those of publicUrl', async () => {
    const forged = ['x-forwarded-host', 'evil.example', 'x-forwarded-proto', 'https']
    const whole = `${written('198.51.100.7')}${header === 'forwarded' ? ';host=evil.example' : ''}`
    const answer = await createBrowser().ask(`${world.app}/bff/login?returnUrl=/orders`, {
      headers: [...forged, header, whole],
    })
    const location = new URL(answer.header('location') ?? '')
    expect(location.searchParams.get('redirect_uri')).toBe(`${world.app}/bff/callback`)
    expect(answer.rawHeaders.join()).not.toContain('evil')
    const host = ['host', 'evil.example', 'x-forwarded-host', new URL(world.app).host]
    expect((await browser.call(`${world.app}/api/orders`, { headers: host })).status).toBe(421)
  })
})

test('A094: a peer that is not listed is the client, whatever it says', async () => {
  const world = await createWorld({
    gateway: (options) => ({
      ...options,
      trustedProxies: { addresses: ['10.0.0.0/8'], header: 'x-forwarded-for' },
    }),
  })
  const browser = await world.signIn()
  await browser.call(`${world.app}/api/orders`, { headers: ['x-forwarded-for', '10.0.0.1'] })
  expect(world.orders.requests.at(-1)?.header('x-forwarded-for')).toMatch(/^(?:127\.0\.0\.1|::1)$/)
  expect(world.logLines.join('')).not.toContain('10.0.0.1')
  await world.close()
})
