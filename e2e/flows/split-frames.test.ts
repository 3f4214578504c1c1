import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { createSplitWorld, type SplitWorld } from '../world/split-world.ts'
import { untouched } from '../world/untouched.ts'
import type { World } from '../world/world.ts'

let split: SplitWorld
let world: World
let www: string
beforeAll(async () => {
  split = await createSplitWorld()
  ;({ world, www } = split)
})
afterAll(() => split?.close())

/** What a browser sends for a frame in a page. */
const frameIn = (page: string, site = 'same-site') => [
  ...['sec-fetch-site', site, 'sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'iframe'],
  ...(page ? ['referer', page] : []),
]
const silentLogin = () => `${world.app}/bff/silent-login`

describe('a silent sign-in in a frame of an allowed origin', () => {
  test('tells the page around it, and nobody else, that somebody is signed in', async () => {
    const browser = await world.signIn()
    const answer = await browser.ask(silentLogin(), { headers: frameIn(`${www}/`) })
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(`data-is-logged-in="true" data-origin="${www}"`)
    expect(answer.header('content-security-policy')).toContain(`frame-ancestors ${www};`)
  })

  test('signs in whoever the issuer knows, and tells the same page', async () => {
    const browser = await world.signIn()
    browser.cookies.delete('__Host-Http-bff')
    const frame = frameIn(`${www}/orders`)
    const started = await browser.ask(silentLogin(), { headers: frame })
    const issued = await browser.open(started.header('location') ?? '')
    const headers = frameIn(world.issuer, 'cross-site')
    const answer = await browser.ask(issued.header('location') ?? '', { headers })
    expect(answer.text).toContain(`data-is-logged-in="true" data-origin="${www}"`)
    expect(answer.header('content-security-policy')).toContain(`frame-ancestors ${www};`)
    expect(browser.cookies.has('__Host-Http-bff')).toBe(true)
  })

  test.each<[string, () => string[]]>([
    ['A145: of a sibling', () => frameIn('http://localhost:2/')],
    ['A145: of a page that does not say', () => frameIn('')],
    ['A145: across sites', () => frameIn(`${www}/`, 'cross-site')],
    ['A145: that names two pages', () => [...frameIn(`${www}/`), 'referer', 'http://localhost:2/']],
    ['A145: with an Origin', () => [...frameIn(`${www}/`), 'origin', 'http://localhost:2']],
    ['A145: of a page that is named like it', () => frameIn(`http://localhost:2/${www}/`)],
  ])('%s, is refused', async (_whose, headers) => {
    for (const browser of [createBrowser(), await world.signIn()]) {
      const answer = await untouched(world, () =>
        browser.ask(silentLogin(), { headers: headers() }),
      )
      expect(answer.status).toBe(403)
      expect(answer.headers('set-cookie')).toEqual([])
    }
  })
})
