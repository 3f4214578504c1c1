import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { randomToken } from '@sallyport/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Browser } from '../world/browser.ts'
import { eventually } from '../world/eventually.ts'
import {
  type ClientKey,
  createShopAndDesk,
  frontendOf,
  type Inside,
  signInAt,
} from '../world/inside.ts'
import { type Program, refused, reloaded, startProgram } from '../world/program.ts'

const shop = 'https://shop.example'
const desk = 'https://desk.example'

let inside: Inside
beforeAll(async () => {
  inside = await createShopAndDesk()
})
afterAll(() => inside.close())

let program: Program
let file: string
let environment: Record<string, string>
beforeEach(async () => {
  inside.api.answer = undefined
  await writeKeys()
  file = await writeConfiguration()
  environment = { SEAL_KEY: randomToken() }
  program = await startProgram(file, environment)
})
afterEach(async () => {
  program.signal('SIGKILL')
  await program.ended
})

async function writeKeys(which: ClientKey = 'first') {
  await inside.write('shop.jwk', `${JSON.stringify(inside.clientKey('shop', which))}\n`)
  await inside.write('desk.jwk', JSON.stringify(inside.clientKey('desk', 'first')))
}

const frontend = (clientId: string, more?: object) => frontendOf(inside, clientId, more)

let folders = 0
function writeConfiguration() {
  folders += 1
  const store = { lmdbFolder: `sessions-${folders}` }
  return writeOptions({ listen: { port: 0 }, store, frontends: [frontend('shop')] })
}

let written: object
function writeOptions(options: object) {
  written = options
  return inside.write('sallyport.config.json', JSON.stringify(options))
}

/** Takes other frontends in the place of those there are. */
const change = (...frontends: object[]) => writeOptions({ ...written, frontends })

const open = () => inside.openBrowser({ [shop]: program.url, [desk]: program.url })

async function statusOf(browser: Browser, publicUrl: string): Promise<number> {
  return (await browser.call(`${publicUrl}/api/orders`)).status
}

describe('a gateway that is a program', () => {
  test('is what its file says, and reaches the issuer inside although its name leads nowhere', async () => {
    const browser = open()
    await signInAt(browser, shop)
    expect(await statusOf(browser, shop)).toBe(200)
    expect(inside.api.requests.at(-1)?.header('authorization')).toMatch(/^Bearer ey/)
    expect(inside.askedInside).toContain('GET /.well-known/openid-configuration')
    expect(inside.askedInside).toContain('POST /token')
    await expect(fetch(inside.issuer)).rejects.toThrow()
    // Relative paths start where the file is.
    const { store } = written as { store: { lmdbFolder: string } }
    expect((await stat(join(inside.folder, store.lmdbFolder))).isDirectory()).toBe(true)
    for (const line of program.lines)
      expect(JSON.stringify(line)).not.toContain(environment.SEAL_KEY)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'told to end with %s lets requests under way finish, and ends with 0',
    async (signal) => {
      const browser = open()
      await signInAt(browser, shop)
      const asked = Promise.withResolvers<() => void>()
      inside.api.answer = (_, response) => asked.resolve(() => response.end('done'))
      const answer = browser.call(`${shop}/api/orders`)
      const finish = await asked.promise
      program.signal(signal)
      await eventually(() => fetch(program.url).then(String, String)).toMatch(/fetch failed/)
      finish()
      expect((await answer).text).toBe('done')
      expect(await program.ended).toBe(0)
    },
  )

  test('takes a new seal key and a new client key, and nobody is signed out', async () => {
    const browser = open()
    await signInAt(browser, shop)
    await inside.write('new-seal-key', `${randomToken()}\n`)
    await inside.write('next.jwk', JSON.stringify(inside.clientKey('shop', 'second')))
    const clientAuthentication = { privateKey: { $file: 'next.jwk', $parse: 'json' } }
    const sealKeys = [
      { kid: 'k2', key: { $file: 'new-seal-key' } },
      { kid: 'k1', key: { $env: 'SEAL_KEY' } },
    ]
    await change(frontend('shop', { clientAuthentication, sealKeys }))
    program.signal('SIGHUP')
    await program.logged(reloaded)
    expect(await statusOf(browser, shop)).toBe(200)
    const other = open()
    await signInAt(other, shop)
    expect(await statusOf(other, shop)).toBe(200)

    // Without the new key, what it sealed opens no more: it was in use.
    await change(frontend('shop'))
    await program.logged(reloaded, 2)
    expect(await statusOf(other, shop)).toBe(401)
  })

  test('sees by itself that a secret has changed', async () => {
    const browser = open()
    await signInAt(browser, shop)
    await writeKeys('unknown')
    await program.logged(reloaded)
    await expect(signInAt(open(), shop)).rejects.toThrow('ERR_IDP_CLIENT_REJECTED')
    await writeKeys('second')
    await program.logged(reloaded, 2)
    await signInAt(open(), shop)
    expect(await statusOf(browser, shop)).toBe(200)
  })

  test('keeps to what it has when the file is broken or wants what cannot change', async () => {
    const browser = open()
    await signInAt(browser, shop)
    const good = await readFile(file, 'utf8')
    await inside.write('sallyport.config.json', good.slice(0, -1))
    expect(await program.logged(refused)).toMatchObject({
      level: 'error',
      error: { message: expect.stringContaining(`${file} is not JSON, from line 1`) },
    })
    await change(frontend('shop', { isuer: 'x' }))
    expect(await program.logged(refused, 2)).toMatchObject({
      error: {
        message: `${file}:\n  frontends[0].bff: unknown key "isuer": did you mean "issuer"?`,
      },
    })
    await writeOptions({ ...JSON.parse(good), listen: { port: 1 }, store: { lmdbFolder: 'other' } })
    expect(await program.logged(refused, 3)).toMatchObject({
      error: {
        message: `${file}:\n  listen: cannot change without a restart\n  store: cannot change without a restart`,
      },
    })
    expect(await statusOf(browser, shop)).toBe(200)
  })
})

describe('frontends of the file', () => {
  test('come and go while the others are at work', async () => {
    await change(frontend('shop'), frontend('desk'))
    await program.logged(reloaded)
    const [shopper, clerk] = [open(), open()]
    await signInAt(shopper, shop)
    await signInAt(clerk, desk)
    expect([await statusOf(shopper, shop), await statusOf(clerk, desk)]).toEqual([200, 200])

    const finishes: (() => void)[] = []
    inside.api.answer = (_, response) => {
      response.write('begun, ')
      finishes.push(() => response.end('done'))
    }
    const underWay = [shopper.call(`${shop}/api/orders`), clerk.call(`${desk}/api/orders`)]
    await eventually(() => finishes.length).toBe(2)
    await change(frontend('shop'))
    await program.logged(reloaded, 2)
    inside.api.answer = undefined
    expect(await statusOf(clerk, desk)).toBe(421)
    expect(await statusOf(shopper, shop)).toBe(200)
    for (const finish of finishes) finish()
    const texts = (await Promise.all(underWay)).map(({ text }) => text)
    expect(texts).toEqual(['begun, done', 'begun, done'])
  })
})
