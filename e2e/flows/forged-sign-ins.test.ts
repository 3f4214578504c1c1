import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { createVictim, crossSite, navigation, type Victim } from '../world/forge.ts'
import { untouched } from '../world/untouched.ts'
import type { World } from '../world/world.ts'

let victim: Victim
let world: World
beforeAll(async () => {
  victim = await createVictim()
  ;({ world } = victim)
})
afterAll(() => world.close())

describe('a sign-in that another page starts', () => {
  test.each([
    ['A140: in a frame', ['sec-fetch-dest', 'iframe', 'sec-fetch-mode', 'navigate']],
    ['A140: by fetch', ['sec-fetch-dest', 'empty', 'sec-fetch-mode', 'no-cors']],
    ['A140: as an image', ['sec-fetch-dest', 'image', 'sec-fetch-mode', 'no-cors']],
    ['A029: ahead of time', [...navigation, 'sec-purpose', 'prefetch;prerender']],
    ['A029: ahead of time, old', [...navigation, 'purpose', 'prefetch']],
  ])('%s: starts and ends nothing', async (_row, headers) => {
    for (const path of ['/bff/login', '/bff/callback?code=x&state=y', '/bff/logout?sid=x']) {
      const answer = await victim.forge({
        path,
        headers: [...headers, 'sec-fetch-site', 'cross-site'],
      })
      // A callback in a frame is told to the page around it, which must be of our own.
      const isTold = headers[1] === 'iframe' && path.startsWith('/bff/callback')
      expect(answer.status, path).toBe(isTold ? 400 : 403)
    }
  })

  test('A140: cannot be finished in a browser that did not start it', async () => {
    const victim = createBrowser()
    const attacker = createBrowser()
    const page = await attacker.navigate(`${world.app}/bff/login`)
    const state = [...attacker.cookies.keys()].find((n) => n.includes('.tx.'))?.split('.tx.')[1]
    expect(page.answer.status).toBe(200)
    const answer = await untouched(world, () =>
      victim.ask(`${world.app}/bff/callback?code=attacker&state=${state}&iss=${world.issuer}`, {
        headers: [...navigation, ...crossSite.slice(0, 2)],
      }),
    )
    expect(answer.status).toBe(400)
    expect(victim.cookies.size).toBe(0)
  })
})
