import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { ask, sessionCookies, signInAt } from '../world/direct-bff.ts'
import { createScriptedBff, type ScriptedBff } from '../world/scripted-bff.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'

let issuer: ScriptedIssuer
beforeAll(async () => {
  issuer = await createScriptedIssuer()
})
afterAll(() => issuer.close())
afterEach(() => {
  issuer.reset()
  vi.useRealTimers()
})

const script = ['x-csrf', '1', 'sec-fetch-site', 'same-origin']

/** A session whose access token has just ended, so that the next call must renew it. */
async function outdated(): Promise<{ scripted: ScriptedBff; cookie: string }> {
  vi.useFakeTimers({ toFake: ['Date'] })
  issuer.token = { refresh_token: 'refresh' }
  const scripted = createScriptedBff(issuer.url)
  const { setCookies } = await signInAt({ bff: scripted.bff, issuer })
  const cookie = sessionCookies(setCookies)[0]?.split(';')[0] ?? ''
  vi.setSystemTime(Date.now() + 301_000)
  return { scripted, cookie }
}

describe('a refresh that fails', () => {
  test.each([
    ['invalid_grant', 400, 401, 'ERR_LOGIN_REQUIRED', 401],
    ['invalid_client', 401, 502, 'ERR_IDP_CLIENT_REJECTED', 200],
    ['invalid_client', 400, 502, 'ERR_IDP_CLIENT_REJECTED', 200],
    ['unauthorized_client', 400, 502, 'ERR_IDP_CLIENT_REJECTED', 200],
    ['invalid_target', 400, 403, 'ERR_TOKEN_UNAVAILABLE', 200],
    ['invalid_request', 400, 502, 'ERR_IDP_RESPONSE_INVALID', 200],
    ['constructor', 400, 502, 'ERR_IDP_RESPONSE_INVALID', 200],
    ['temporarily_unavailable', 400, 503, 'ERR_IDP_UNAVAILABLE', 200],
    ['server_error', 500, 503, 'ERR_IDP_UNAVAILABLE', 200],
    ['invalid_grant', 503, 503, 'ERR_IDP_UNAVAILABLE', 200],
  ])(
    'A224: with %s %d is %d %s, and the session answers %d',
    async (error, status, shown, code, after) => {
      const { scripted, cookie } = await outdated()
      issuer.answer = { status, body: JSON.stringify({ error }) }
      const answer = await ask(scripted.bff, '/api/x', [...script, 'cookie', cookie])
      expect(answer.status).toBe(shown)
      expect(JSON.parse(answer.body).code).toBe(code)
      const user = await ask(scripted.bff, '/bff/user', [...script, 'cookie', cookie])
      expect(user.status).toBe(after)
    },
  )

  test('A224: with a challenge for our credentials ends no session', async () => {
    const { scripted, cookie } = await outdated()
    const headers = { 'www-authenticate': 'Basic realm="issuer"' }
    issuer.answer = { status: 401, headers, body: '{"error":"invalid_client"}' }
    const answer = await ask(scripted.bff, '/api/x', [...script, 'cookie', cookie])
    expect(JSON.parse(answer.body).code).toBe('ERR_IDP_CLIENT_REJECTED')
    expect((await ask(scripted.bff, '/bff/user', [...script, 'cookie', cookie])).status).toBe(200)
  })

  test.each([
    ['17', '17'],
    ['999999', '3600'],
    [undefined, '5'],
  ])(
    'A224: with 429 and Retry-After %s tells the page to come back in %s seconds',
    async (said, told) => {
      const { scripted, cookie } = await outdated()
      issuer.answer = { status: 429, headers: said ? { 'retry-after': said } : {}, body: '{}' }
      const answer = await ask(scripted.bff, '/api/x', [...script, 'cookie', cookie])
      expect(answer.status).toBe(503)
      expect(answer.headers[answer.headers.indexOf('retry-after') + 1]).toBe(told)
    },
  )
})
