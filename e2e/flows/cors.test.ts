import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from '../world/browser.ts'
import { createVictim, crossSite, evil, expectNoCors, type Victim } from '../world/forge.ts'
import type { World } from '../world/world.ts'

let victim: Victim
let world: World
let browser: Browser
beforeAll(async () => {
  victim = await createVictim()
  ;({ world, browser } = victim)
})
afterAll(() => world.close())

describe('CORS', () => {
  test.each(['/api/orders', '/bff/user', '/bff/logout', '/bff/login', '/public/x', '/all/x', '/'])(
    'A137: a preflight for %s ends here and allows nothing',
    async (path) => {
      const asked = ['access-control-request-method', 'POST']
      for (const headers of [
        [...crossSite, ...asked, 'access-control-request-headers', 'x-csrf'],
        ['origin', evil, ...asked],
        ['origin', 'http://b.localhost', ...asked, 'sec-fetch-site', 'same-site'],
      ]) {
        const answer = await victim.forge({ method: 'OPTIONS', path, headers })
        expect([400, 403, 404, 405]).toContain(answer.status)
      }
    },
  )

  test('A138: what an upstream allows other origins is not passed on', async () => {
    world.orders.answer = (request, response) => {
      response.writeHead(200, {
        'access-control-allow-origin': request.headers.origin ?? '*',
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': 'x-csrf',
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-private-network': 'true',
        'access-control-expose-headers': '*',
        'access-control-max-age': '86400',
        'timing-allow-origin': '*',
      })
      response.end('{}')
    }
    const answer = await browser.call(`${world.app}/api/orders`)
    world.orders.answer = undefined
    expect(answer.status).toBe(200)
    expectNoCors(answer)
    expect(answer.header('timing-allow-origin')).toBeUndefined()
  })
})
