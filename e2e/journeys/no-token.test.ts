import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium, type Visitor } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { readIssuedTokens } from '../world/issued-tokens.ts'
import { readPage, type Seen, type TappedResponse, tap, type Wiretap } from '../world/wiretap.ts'
import { createShop, type Shop } from './pages/shop.ts'
import { signInPage } from './pages/sign-in-page.ts'

const sessionCookie = '__Host-Http-bff'
/** Base64url of a JSON object: how each part of a JSON Web Token that can be read begins. */
const jsonInBase64 = /\beyJ[\w-]{12,}/

let world: DemoWorld
let chromium: Chromium
let visitor: Visitor
let wiretap: Wiretap
/** What the network brought, to the end of the journey. */
let responses: TappedResponse[]
let shop: Shop
/** What the pages of the journey held, at each of its stations. */
const held: Seen[] = []
const secrets = new Map<string, string>()

beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld(), launchChromium()])
  visitor = await chromium.visit()
  const page = await visitor.context.newPage()
  wiretap = await tap(page)
  shop = createShop(page, world.app)
  await travel()
})
afterAll(async () => {
  await chromium?.close()
  await world?.close()
})

/** A whole journey, through every page there is. */
async function travel(): Promise<void> {
  const { page } = shop
  await shop.open('/security')
  await shop.signIn.click()
  await signInPage(page).submit('alice', 'wrong')
  await signInPage(page).problem.waitFor()
  await lookAround('identity server')
  await signInPage(page).submit('alice')
  await shop.personName.waitFor()
  await shop.makeTwentyCalls()
  await rememberTokens('first')
  await lookAround('security page')

  // The inventory needs a token of its own, which comes with a new refresh token.
  await page.getByRole('link', { name: 'Orders', exact: true }).click()
  await shop.ordersAreShown()
  await shop.placeOrder('Stoneware mug', 3)
  await rememberTokens('second')
  await lookAround('orders page')

  await shop.signOut.click()
  await shop.signedOut.waitFor()
  await lookAround('signed-out page')
  responses = await wiretap.collect()
}

async function lookAround(station: string): Promise<void> {
  for (const { where, text } of await readPage(shop.page)) {
    held.push({ where: `${where} of the ${station}`, text })
  }
}

async function rememberTokens(turn: string): Promise<void> {
  const cookies = await visitor.context.cookies(world.app)
  const id = cookies.find(({ name }) => name === sessionCookie)?.value ?? ''
  const { idToken, refreshToken, accessTokens } = await readIssuedTokens(world.settings, id)
  secrets.set(`${turn} ID token`, idToken)
  secrets.set(`${turn} refresh token`, refreshToken)
  for (const [index, one] of accessTokens.entries())
    secrets.set(`${turn} access token ${index}`, one)
}

const from = (origin: string, path: string) =>
  responses.filter(({ url }) => url.startsWith(`${origin}${path}`))

const headerOf = ({ headers }: TappedResponse, name: string) =>
  headers.filter(([key]) => key === name).map(([, value]) => value)

/** All that the network brought, but for one place where a secret belongs. */
function brought(isPlace: (where: string) => boolean = () => false): Seen[] {
  return responses
    .flatMap((response) => [
      { where: `the URL ${response.url}`, text: response.url },
      { where: `the body of ${response.url}`, text: response.body },
      ...response.headers.map(([name, value]) => ({
        where: `${name} of ${response.url}`,
        text: value,
      })),
    ])
    .filter(({ where }) => !isPlace(where))
}

function placesOf(secret: string, all: readonly Seen[]): string[] {
  const forms = new Set([secret, encodeURIComponent(secret), btoa(secret)])
  return all
    .filter(({ text }) => [...forms].some((form) => text.includes(form)))
    .map(({ where }) => where)
}

test('the journey was one: each service was met, and the tokens to look for are known', () => {
  const { app, issuer } = world
  expect(from(app, '/bff/callback')).toHaveLength(1)
  expect(from(app, '/api/orders').length).toBeGreaterThan(20)
  expect(from(app, '/bff/logout').length).toBeGreaterThan(0)
  expect(from(issuer, '/').some(({ body }) => body.includes('Password'))).toBe(true)
  expect(from(app, '/bff/user').some(({ body }) => body.includes('alice@example.com'))).toBe(true)
  expect(from(app, '/bff/events').some(({ body }) => body.includes('event: refreshed'))).toBe(true)
  const orders = held.find(({ where }) => where === 'memory of the orders page')
  expect(orders?.text).toContain('alice@example.com')

  const names = [...secrets.keys()]
  expect(names).toContain('second access token 1')
  expect(secrets.get('first refresh token')).not.toBe(secrets.get('second refresh token'))
  for (const [name, value] of secrets) {
    const isJwt = !name.includes('refresh token')
    expect(value, name).toMatch(isJwt ? /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/ : /^[\w.~-]{20,}$/)
  }
})

test('no token that was issued got anywhere near the browser', () => {
  const all = [...brought(), ...held]
  for (const [name, value] of secrets) {
    expect(placesOf(value, all), name).toEqual([])
    const signature = value.split('.')[2]
    if (signature) expect(placesOf(signature, all), `signature of the ${name}`).toEqual([])
  }
})

test('nothing that looks like a JSON Web Token did either', () => {
  const alike = [...brought(), ...held].filter(({ text }) => jsonInBase64.test(text))
  expect(alike.map(({ where }) => where)).toEqual([])
})

test('the authorization code is in the callback’s URL, and nowhere else', () => {
  const url = from(world.app, '/bff/callback')[0]?.url ?? ''
  const code = URL.parse(url)?.searchParams.get('code') ?? ''
  expect(code.length).toBeGreaterThan(20)
  const isWayThere = (where: string) =>
    where === `the URL ${url}` || where.startsWith(`location of ${world.issuer}/`)
  const places = placesOf(code, brought())
  expect(places.filter(isWayThere)).toHaveLength(2)
  expect(places.filter((where) => !isWayThere(where))).toEqual([])
  expect(placesOf(code, held)).toEqual([])
})

test('the session’s secret is in a Set-Cookie header, and out of reach for scripts', () => {
  const [callback] = from(world.app, '/bff/callback')
  const setCookies = callback ? headerOf(callback, 'set-cookie') : []
  const [pair = '', ...attributes] =
    setCookies.find((one) => one.startsWith(`${sessionCookie}=`))?.split(/; ?/) ?? []
  expect(attributes.map((one) => one.toLowerCase()).sort()).toEqual([
    'httponly',
    'path=/',
    'samesite=strict',
    'secure',
  ])
  const id = pair.slice(sessionCookie.length + 1)
  expect(id).toMatch(/^[\w-]{43}$/)
  expect(placesOf(id, [...brought(), ...held])).toEqual([`set-cookie of ${callback?.url}`])
})

test('scripts see no cookie, and the pages keep nothing', () => {
  const kept = held.filter(({ where }) =>
    /^(document\.cookie|\w+Storage|indexedDB|caches)/.test(where),
  )
  expect(kept).toHaveLength(5 * 4)
  expect(kept.filter(({ text }) => !['', '{}', '[]'].includes(text))).toEqual([])
})

test('every cookie of the journey is HttpOnly, and none was left of the application', async () => {
  const all = responses.flatMap((response) => headerOf(response, 'set-cookie'))
  expect(all.length).toBeGreaterThan(3)
  expect(all.filter((one) => !/; ?httponly/i.test(one))).toEqual([])
  expect(all.filter((one) => /; ?domain=/i.test(one))).toEqual([])
  const left = await visitor.context.cookies(world.app)
  expect(left.filter(({ name }) => name.startsWith(sessionCookie))).toEqual([])
})

test('no page broke its own content security policy', () => {
  expect(visitor.complaints).toEqual([])
})
