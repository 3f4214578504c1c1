import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, sessionCookies, signInAt } from '../world/direct-bff.ts'
import { createScriptedBff } from '../world/scripted-bff.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'

/** What browsers would open; this machine cannot reach it. */
const publicUrl = 'https://id.invalid/realms/demo'

let issuer: ScriptedIssuer
let internal: string
beforeAll(async () => {
  issuer = await createScriptedIssuer()
  internal = issuer.url
  issuer.url = publicUrl
})
afterAll(() => issuer.close())

const signIn = (metadata: object = {}) => {
  issuer.reset()
  issuer.metadata = { end_session_endpoint: `${publicUrl}/end`, ...metadata }
  const { bff } = createScriptedBff(publicUrl, { issuerInternalUrl: internal })
  return { bff, done: signInAt({ bff, issuer }) }
}

describe('an issuer with an internal URL', () => {
  test('is asked there, believed by its public name, and opened in public', async () => {
    const { bff, done } = signIn()
    expect(sessionCookies((await done).setCookies)).toHaveLength(1)
    expect(new Set(issuer.requests)).toEqual(
      new Set(['/.well-known/openid-configuration', '/token', '/jwks']),
    )
    const { location } = await ask(bff, '/bff/login')
    expect(location.startsWith(`${publicUrl}/authorize?`)).toBe(true)
  })

  test('never sends a browser inside, even when it names its places as it was asked', async () => {
    const { bff, done } = signIn({
      authorization_endpoint: `${internal}/authorize`,
      token_endpoint: `${internal}/token`,
      jwks_uri: `${internal}/jwks`,
    })
    expect(sessionCookies((await done).setCookies)).toHaveLength(1)
    const { location } = await ask(bff, '/bff/login')
    expect(location.startsWith(`${publicUrl}/authorize?`)).toBe(true)
  })

  test.each([
    ['token_endpoint', 'http://elsewhere.example/token'],
    ['jwks_uri', 'http://id.invalid/jwks'],
  ])('may not name a %s over http elsewhere: nothing is asked there', async (name, url) => {
    const { done } = signIn({ [name]: url })
    const { setCookies, status } = await done
    expect(status).toBe(502)
    expect(sessionCookies(setCookies)).toEqual([])
  })

  test('may not send browsers over http', async () => {
    const { bff } = signIn({ authorization_endpoint: 'http://elsewhere.example/authorize' })
    expect((await ask(bff, '/bff/login')).status).toBe(502)
  })

  test('that calls itself by its internal URL is another issuer', async () => {
    const { bff } = signIn({ issuer: internal })
    expect((await ask(bff, '/bff/login')).status).toBe(502)
  })
})
