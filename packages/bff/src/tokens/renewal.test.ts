import { createSecret, randomToken } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import type { OidcClient } from '../oidc/oidc-client.ts'
import { createSessions } from '../sessions/create-sessions.ts'
import { createAccessTokens } from './access-tokens.ts'
import { createModelIssuer } from './model-issuer.fixture.ts'
import { overNetwork } from './network.fixture.ts'
import { createRenewAhead } from './renew-ahead.ts'

const leaseTime = 20
const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const config = parseConfig({
  publicUrl: 'https://app.example',
  issuer: 'https://idp.example',
  clientId: 'bff',
  clientAuthentication: { secret: randomToken() },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
})

/** A session whose token is due, and a store that is away as soon as the issuer has answered. */
async function renewWhileStoreIsAway(forSeconds: number) {
  let nowMs = 1_000_000_000
  let backAtMs = 0
  const clock = () => Math.floor(nowMs / 1000)
  const store = createMemoryStore({ clock })
  const issuer = createModelIssuer({ clock, grace: 0, trust: leaseTime })
  const model = issuer.clientOf({
    isAlive: () => true,
    fate: () => 'well',
    travel: async () => {},
  })
  const sent: string[] = []
  const oidc: Pick<OidcClient, 'refresh'> = {
    async refresh(request) {
      sent.push(request.refreshToken)
      const grant = await model.refresh(request)
      backAtMs = nowMs + forSeconds * 1000
      return grant
    },
  }
  const far = overNetwork(store, { travel: async () => {}, isDown: () => nowMs < backAtMs })
  const sessions = createSessions({ config, store: far, clock, log, later: () => {} })
  const accessTokens = createAccessTokens({
    ...{ sessions, oidc: oidc as OidcClient, clock, log, leaseTime, signInRequest: {} },
    ...{ renewAhead: createRenewAhead(log), revocations: { plan: async () => {}, start() {} } },
    elapsedMs: () => nowMs,
    async wait(ms) {
      nowMs += ms
    },
  })
  const claims = { iss: 'https://idp.example', sub: 'alice', aud: 'bff', iat: 1, exp: 2 }
  const refreshToken = issuer.signIn('alice')
  const content = { claims, idToken: 'id', refreshToken, accessTokens: {} }
  const session = await sessions.create({ claims, content, startedAt: clock() })
  const token = await Promise.resolve(accessTokens.forSession(session, {})).catch((error) => error)
  backAtMs = 0
  return { sent, token, latest: await sessions.reload(session) }
}

test('what a renewal brought is stored when the store is back, and nothing is sent again', async () => {
  const { sent, token, latest } = await renewWhileStoreIsAway(leaseTime - 2)
  expect(token.accessToken).toMatch(/^alice-access/)
  expect(latest?.content.accessTokens['']).toEqual(token)
  expect(latest?.content.refreshToken).not.toBe(sent[0])
  expect(sent).toHaveLength(1)
})

test('a store that is away for longer than the lease is a failure of the store', async () => {
  const { token } = await renewWhileStoreIsAway(leaseTime * 10)
  expect(token).toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' })
})
