import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from '../world/browser.ts'
import { createVictim, navigation, type Victim } from '../world/forge.ts'
import type { World } from '../world/world.ts'

let victim: Victim
let world: World
let browser: Browser
beforeAll(async () => {
  victim = await createVictim()
  ;({ world, browser } = victim)
})
afterAll(() => world.close())

describe('an answer', () => {
  test.each<[string, number, string, string[]]>([
    ['the user', 200, '/bff/user', []],
    ['an API', 200, '/api/orders', []],
    ['no such endpoint', 404, '/bff/nothing', []],
    ['no such path', 404, '/nothing', []],
    ['a malformed target', 400, '/api/%zz', []],
    ['another host', 421, '/api/orders', ['host', 'evil']],
    ['a return URL', 400, '/bff/login?returnUrl=//x', [...navigation, 'accept', 'text/html']],
    ['a refused callback', 400, '/bff/callback', [...navigation, 'accept', 'text/html']],
    ['a refused sign-out', 400, '/bff/logout?sid=x', [...navigation, 'accept', 'text/html']],
  ])('A145: %s (%i): can be framed by nobody', async (_what, status, path, headers) => {
    const page = headers[0] === 'sec-fetch-mode'
    const url = `${world.app}${path}`
    const answer = await (page ? browser.ask(url, { headers }) : browser.call(url, { headers }))
    expect(answer.status).toBe(status)
    victim.expectUnframed(answer)
  })

  test('A145: a redirect too', async () => {
    const answer = await createBrowser().ask(`${world.app}/bff/login`)
    expect(answer.status).toBe(303)
    victim.expectUnframed(answer)
  })
})
