import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../world/eventually.ts'
import { createWorld, passwordOf, type World } from '../world/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

test('a trace goes from the browser to the API, and to the token endpoint', async () => {
  const browser = await world.signIn()
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const seen = new Map<string, string | undefined>()
  world.intercept = (request, _response, next) => {
    seen.set(request.url ?? '', request.headers.traceparent as string | undefined)
    next()
  }
  const traceparent = ['traceparent', `00-${traceId}-00f067aa0ba902b7-01`]
  // The first call for this resource needs a token of its own.
  await browser.call(`${world.app}/api/inventory/items`, { headers: traceparent })
  world.intercept = undefined
  expect(world.inventory.requests.at(-1)?.header('traceparent')).toMatch(
    new RegExp(`^00-${traceId}-`),
  )
  expect(seen.get('/token')).toMatch(new RegExp(`^00-${traceId}-`))
  expect(world.inventory.requests.at(-1)?.header('traceparent')).not.toContain('00f067aa0ba902b7')
  const lines = world.logLines.map((line) => JSON.parse(line))
  const services = new Set(
    lines.filter((line) => line.trace_id === traceId).map((line) => line.service),
  )
  expect(services).toEqual(new Set(['bff', 'identity']))
})

test('a request whose client leaves is logged in its trace, with the client’s address', async () => {
  const browser = await world.signIn()
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const traceId = '7bf92f3577b34da6a3ce929d0e0e4737'
  const reached = Promise.withResolvers<void>()
  world.orders.answer = () => reached.resolve()
  const request = httpRequest(`${world.app}/api/orders`, {
    headers: { cookie, 'x-csrf': '1', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  })
  request.on('error', () => {})
  request.end()
  await reached.promise
  request.destroy()
  const lines = () =>
    world.logLines.map((line) => JSON.parse(line)).filter(({ trace_id }) => trace_id === traceId)
  await eventually(() => lines().find(({ outcome }) => outcome === 'aborted')).toMatchObject({
    lane: expect.stringMatching(/^(?:fast|node)$/),
    client_address: expect.any(String),
  })
  world.orders.answer = undefined
})

test('no token, code, cookie, password or key of a whole run is in any log', async () => {
  const browser = await world.signIn()
  const planted = new Set([passwordOf('alice'), passwordOf('bob')])
  world.intercept = async (request, response, next) => {
    const chunks: string[] = []
    const end = response.end.bind(response)
    response.end = ((chunk?: unknown, ...rest: unknown[]) => {
      if (chunk) chunks.push(String(chunk))
      if (request.url === '/token') {
        const body = JSON.parse(chunks.join('')) as Record<string, string>
        for (const name of ['access_token', 'refresh_token', 'id_token']) {
          if (body[name]) planted.add(body[name])
        }
      }
      return (end as (...all: unknown[]) => unknown)(chunk, ...rest)
    }) as typeof response.end
    next()
  }
  const second = await world.signIn(undefined, 'bob')
  for (const one of [browser, second]) {
    for (const value of one.cookies.values()) planted.add(value)
    await one.call(`${world.app}/api/orders`)
    await one.call(`${world.app}/api/inventory/items`)
    await one.ask(`${world.app}/bff/callback?code=planted-code-0123456789&state=planted-state`)
    await one.ask(`${world.app}/api/orders?access_token=planted-query-token`)
  }
  planted.add('planted-code-0123456789').add('planted-query-token')
  await second.call(`${world.app}/bff/logout`, { method: 'POST' })
  const visited = (await second.navigate(`${world.app}/bff/login`)).visited
  for (const url of visited) {
    for (const name of ['code', 'state', 'nonce']) {
      const value = new URL(url).searchParams.get(name)
      if (value) planted.add(value)
    }
  }
  await world.gateway.bffs[0]?.close()

  const log = world.logLines.join('')
  expect(world.logLines.length).toBeGreaterThan(20)
  expect(planted.size).toBeGreaterThan(8)
  for (const value of planted) {
    const part = value.includes('.') ? value.slice(-40) : value
    expect(log.includes(part), `a secret of ${value.length} characters`).toBe(false)
  }
})
