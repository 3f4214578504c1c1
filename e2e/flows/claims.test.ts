import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../world/browser.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'
import { createWorld, type World } from '../world/world.ts'

let issuer: ScriptedIssuer
let world: World
beforeAll(async () => {
  issuer = await createScriptedIssuer()
  world = await createWorld({
    gateway: (options) => ({
      ...options,
      bff: {
        ...options.bff,
        issuer: issuer.url,
        // Without resources: this issuer gives one token for all.
        routes: options.bff.routes?.map(({ match, upstream }) => ({ match, upstream })) ?? [],
      },
    }),
  })
})
afterAll(async () => {
  await world.close()
  await issuer.close()
})

test('A098, A161: claims with line breaks and delimiters are data, and get into no header', async () => {
  const name = 'x\r\nX-Admin: 1\r\nSet-Cookie: a=b'
  issuer.claims = { name, groups: ['a,admin', '管理'], sid: 'x\r\ny;z', email: '"<script>' }
  const browser = createBrowser()
  const login = await browser.ask(`${world.app}/bff/login`)
  issuer.authorize(login.header('location') ?? '')
  const state = new URL(login.header('location') ?? '').searchParams.get('state')
  const iss = encodeURIComponent(issuer.url)
  await browser.ask(`${world.app}/bff/callback?code=good&state=${state}&iss=${iss}`)

  const answer = await browser.call(`${world.app}/bff/user`)
  const claims = answer.json<{ type: string; value: unknown }[]>()
  const claim = (type: string) => claims.find((one) => one.type === type)?.value
  expect(claim('name')).toBe(name)
  expect(claim('groups')).toEqual(['a,admin', '管理'])
  expect(claim('bff:logout_url')).toBe('/bff/logout?sid=x%0D%0Ay%3Bz')
  await browser.call(`${world.app}/api/orders`)
  const sent = world.orders.requests.at(-1)?.rawHeaders ?? []
  expect(sent).toContain('Bearer opaque')
  for (const headers of [answer.rawHeaders, sent]) {
    expect(headers.join('\n')).not.toMatch(/admin|script|a=b/i)
  }
  const out = await browser.navigate(`${world.app}${claim('bff:logout_url')}`)
  expect(out.visited[0]).toContain('/bff/logout')
  expect((await browser.call(`${world.app}/bff/user`)).status).toBe(401)
})
