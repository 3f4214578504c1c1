import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomToken } from '@sallyport/core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Browser } from '../world/browser.ts'
import { createInside, type Inside, signInAt } from '../world/inside.ts'
import { type Program, startProgram } from '../world/program.ts'

const examples = join(import.meta.dirname, '../../examples/topologies')
const clients = { app: ['orders', 'inventory'], shop: ['shop-api'], desk: ['desk-api'] }
const resources = {
  ...{ orders: 'orders.read', inventory: 'inventory.read' },
  ...{ 'shop-api': 'shop', 'desk-api': 'desk' },
}
const toUrl = (name: string) => `https://${name}.example`
const [app, shop, desk] = ['app', 'shop', 'desk'].map(toUrl) as [string, string, string]

let inside: Inside
const running: Program[] = []
beforeAll(async () => {
  inside = await createInside({
    resources: Object.entries(resources).map(([name, scope]) => ({
      ...{ identifier: toUrl(name), scopes: [scope] },
    })),
    clients: Object.entries(clients).map(([clientId, names]) => ({
      ...{ clientId, publicUrls: [toUrl(clientId)], resources: names.map(toUrl) },
      scopes: names.map((name) => resources[name as keyof typeof resources]),
    })),
  })
  await mkdir(join(inside.folder, 'secrets'))
  for (const clientId of Object.keys(clients)) {
    const key = JSON.stringify(inside.clientKey(clientId, 'first'))
    await inside.write(`secrets/${clientId}-client-key`, key)
    await inside.write(`secrets/${clientId}-seal-key`, randomToken())
  }
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.end()))
})
afterAll(() => inside.close())

/** Starts an example as it stands there, on this machine: addresses and folders are all that changes. */
async function start(example: string, data?: string): Promise<Program> {
  const folder = join(inside.folder, 'examples', example)
  const text = await readFile(join(examples, example, 'sallyport.config.json'), 'utf8')
  for (const [, webFolder = ''] of text.matchAll(/"webFolder": "(\w+)"/g)) {
    await mkdir(join(folder, webFolder), { recursive: true })
    await writeFile(join(folder, webFolder, 'index.html'), `the page of ${webFolder}`)
  }
  const file = join(folder, 'sallyport.config.json')
  const here = text
    .replaceAll('http://id.internal:8080', inside.issuerInternalUrl)
    .replaceAll(/http:\/\/[\w-]+\.internal:8080/g, inside.apiUrl)
    .replaceAll('/run/secrets', join(inside.folder, 'secrets'))
    .replace(/"lmdbFolder": "[^"]+"/, `"lmdbFolder": "${data ?? join(folder, 'data')}"`)
    .replace('"host": "0.0.0.0", "port": 8080', '"port": 0')
  await writeFile(file, here)
  const program = await startProgram(file)
  running.push(program)
  expect(program.lines.filter(({ level }) => level === 'error')).toEqual([])
  return program
}

/** What became of a call: the path that the API was asked for, and whom the token was for. */
async function call(browser: Browser, url: string) {
  const { status, text } = await browser.call(url)
  if (status !== 200) return status
  const [, payload = ''] = inside.api.requests.at(-1)?.header('authorization')?.split('.') ?? []
  const { aud } = JSON.parse(Buffer.from(payload, 'base64url').toString())
  return `${JSON.parse(text).path} for ${aud}`
}

test('one gateway for all clients: one sign-in, all APIs', async () => {
  const gateway = await start('one-gateway')
  const browser = inside.openBrowser({ [app]: gateway.url })
  await signInAt(browser, app)
  expect((await browser.open(`${app}/desk`)).text).toBe('the page of web')
  expect(await call(browser, `${app}/api/orders/7`)).toBe('/orders/7 for https://orders.example')
  expect(await call(browser, `${app}/api/inventory/7`)).toBe(
    '/inventory/7 for https://inventory.example',
  )
})

test('one gateway with an API for each client: sessions, keys and APIs are apart', async () => {
  const gateway = await start('api-per-client')
  const places = { [shop]: gateway.url, [desk]: gateway.url }
  const [shopper, clerk] = [inside.openBrowser(places), inside.openBrowser(places)]
  await signInAt(shopper, shop)
  await signInAt(clerk, desk)
  expect((await shopper.open(`${shop}/`)).text).toBe('the page of shop')
  expect((await clerk.open(`${desk}/`)).text).toBe('the page of desk')
  expect(await call(shopper, `${shop}/api/7`)).toBe('/shop/7 for https://shop-api.example')
  expect(await call(clerk, `${desk}/api/7`)).toBe('/desk/7 for https://desk-api.example')
  expect(await call(shopper, `${desk}/api/7`)).toBe(401)
})

test('a BFF for each client: each goes on without the other', async () => {
  const programs = {
    shop: await start('bff-per-client/shop'),
    desk: await start('bff-per-client/desk'),
  }
  const places = { [shop]: programs.shop.url, [desk]: programs.desk.url }
  const [shopper, clerk] = [inside.openBrowser(places), inside.openBrowser(places)]
  await signInAt(shopper, shop)
  await signInAt(clerk, desk)
  expect(await call(shopper, `${shop}/api/7`)).toBe('/shop/7 for https://shop-api.example')
  expect(await call(shopper, `${desk}/api/7`)).toBe(401)
  expect(await programs.shop.end()).toBe(0)
  expect(await call(clerk, `${desk}/api/7`)).toBe('/desk/7 for https://desk-api.example')
})

test('moving from the second to the third signs nobody out', async () => {
  const data = join(inside.folder, 'shared')
  const gateway = await start('api-per-client', data)
  const places = { [shop]: gateway.url }
  const shopper = inside.openBrowser(places)
  await signInAt(shopper, shop)
  await gateway.end()
  places[shop] = (await start('bff-per-client/shop', data)).url
  expect(await call(shopper, `${shop}/api/7`)).toBe('/shop/7 for https://shop-api.example')
})
