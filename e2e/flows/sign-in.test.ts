import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { createWorld, passwordOf, type World } from '../world/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

describe('signing in', () => {
  test('leads through the identity server back to where it started, with one session cookie', async () => {
    const browser = createBrowser()
    const page = await browser.navigate(`${world.app}/bff/login?returnUrl=/orders?page=2`)
    expect(page.url).toMatch(new RegExp(`^${world.issuer}/`))
    const back = await browser.submit(page, { username: 'alice', password: passwordOf('alice') })
    expect(back.visited.at(-1)).toBe(`${world.app}/orders?page=2`)
    expect([...browser.cookies.keys()].filter((name) => name.startsWith('__Host-'))).toEqual([
      '__Host-Http-bff',
    ])
  })

  test('shows who it is, and no token', async () => {
    const browser = await world.signIn()
    const answer = await browser.call(`${world.app}/bff/user`)
    expect(answer.status).toBe(200)
    const claims = Object.fromEntries(
      answer.json<{ type: string; value: unknown }[]>().map(({ type, value }) => [type, value]),
    )
    expect(claims).toMatchObject({ name: 'Alice Archer', email: 'alice@example.com' })
    expect(claims['bff:session_expires_in']).toBeGreaterThan(1790)
    expect(claims['bff:logout_url']).toMatch(/^\/bff\/logout\?sid=/)
    expect(answer.text).not.toMatch(/eyJ|nonce|at_hash/)
  })

  test('gives each API a token of its own', async () => {
    const browser = await world.signIn()
    const orders = await browser.call(`${world.app}/api/orders/7?x=%2F`)
    const inventory = await browser.call(`${world.app}/api/inventory/items`)
    expect([orders.status, inventory.status]).toEqual([200, 200])
    expect(orders.json()).toEqual({ path: '/orders/7?x=%2F' })
    const audience = (bearer = '') =>
      JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString()).aud
    expect(audience(world.orders.requests.at(-1)?.header('authorization'))).toBe(
      world.settings.publicUrls.orders,
    )
    expect(audience(world.inventory.requests.at(-1)?.header('authorization'))).toBe(
      world.settings.publicUrls.inventory,
    )
  })
})
