import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSecret, randomToken, systemClock } from '@sallyport/core'
import { createTelemetry } from '@sallyport/telemetry'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { createOidcClient, type OidcClient } from './oidc-client.ts'

/** What has arrived at the token endpoint: refresh tokens. */
const arrived: string[] = []
let wantsNonce = false

const issuer = createServer(async (request, response) => {
  const url = `http://localhost:${(issuer.address() as AddressInfo).port}`
  const answer = (status: number, body: object, headers = {}) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body))
  if (request.url !== '/token') {
    answer(200, { issuer: url, token_endpoint: `${url}/token` })
    return
  }
  const form = new URLSearchParams(Buffer.concat(await request.toArray()).toString())
  arrived.push(form.get('refresh_token') ?? '')
  if (wantsNonce) answer(400, { error: 'use_dpop_nonce' }, { 'dpop-nonce': 'n1' })
  else answer(200, { access_token: 'a', token_type: 'DPoP', expires_in: 60 })
  wantsNonce = false
})
beforeAll(async () => {
  issuer.listen({ host: 'localhost', port: 0 })
  await once(issuer, 'listening')
})
afterAll(() => void issuer.close())
beforeEach(() => {
  arrived.length = 0
  wantsNonce = false
})

function createClient(): OidcClient {
  const config = parseConfig({
    publicUrl: 'http://localhost:3000',
    issuer: `http://localhost:${(issuer.address() as AddressInfo).port}`,
    clientId: 'bff',
    clientAuthentication: { secret: randomToken() },
    senderConstraint: 'dpop',
    sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
  })
  return createOidcClient(config, createTelemetry({ service: 'bff', level: 'silent' }), systemClock)
}

/** @returns how often it was asked whether to send; it says no from the `refusedAt`th time on. */
async function refresh(refusedAt = Number.POSITIVE_INFINITY) {
  const oidc = createClient()
  const { dpopKey } = oidc.newSecrets()
  let asked = 0
  const beforeSending = () => {
    asked += 1
    if (asked >= refusedAt) throw refusal
  }
  const request = { refreshToken: 'r', subject: 'alice', dpopKey, beforeSending }
  const outcome = await oidc.refresh(request).catch((error: unknown) => error)
  return { asked, outcome }
}

const refusal = Object.assign(new Error('no'), { code: 'none of ours' })

test('whether a refresh token may be sent is asked once it is ready to go, and not before', async () => {
  const { asked, outcome } = await refresh()
  expect(outcome).toMatchObject({ accessToken: 'a' })
  expect([asked, arrived]).toEqual([1, ['r']])
})

test('one that may not be sent does not leave', async () => {
  const { outcome } = await refresh(1)
  expect(outcome).toBeInstanceOf(Error)
  expect(arrived).toEqual([])
})

test('one that is to be sent again with a nonce is asked about again', async () => {
  wantsNonce = true
  expect((await refresh()).asked).toBe(2)
  expect(arrived).toEqual(['r', 'r'])

  arrived.length = 0
  wantsNonce = true
  const { outcome } = await refresh(2)
  expect(outcome).toBeInstanceOf(Error)
  expect(arrived).toEqual(['r'])
})
