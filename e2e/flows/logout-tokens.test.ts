import { randomUUID } from 'node:crypto'
import { type Bff, type BffOptions, createBff } from '@sallyport/bff'
import { createSecret, randomToken } from '@sallyport/core'
import type { SessionStore } from '@sallyport/session'
import { createTelemetry } from '@sallyport/telemetry'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { fileStore } from '../world/file-store.ts'
import { createScriptedIssuer, type ScriptedIssuer } from '../world/scripted-issuer.ts'

const telemetry = createTelemetry({ service: 'bff', level: 'silent' })
const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }

let issuer: ScriptedIssuer
beforeAll(async () => {
  issuer = await createScriptedIssuer()
})
afterAll(() => issuer.close())

function createOwnBff(store: SessionStore, logout?: BffOptions['logout']): Bff {
  const options = {
    publicUrl: 'https://app.example',
    issuer: issuer.url,
    clientId: 'bff',
    clientAuthentication: { secret: randomToken() },
    sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
    session: { mode: inject('sessionMode') },
    logout,
  }
  return createBff(options, { store, telemetry })
}

function sign(typ: string | undefined, changes: object = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const base = { iss: issuer.url, aud: 'bff', iat, exp: iat + 100, jti: randomUUID() }
  return issuer.sign({ ...base, sub: 'alice', events, ...changes }, typ ? { typ } : {})
}

async function deliver(bff: Bff, logoutToken: string) {
  const type = ['content-type', 'application/x-www-form-urlencoded']
  const decision = await bff.decide({
    ...{ method: 'POST', target: '/bff/backchannel', remoteAddress: '::1' },
    headers: ['host', 'app.example', ...type],
  })
  if (decision.kind !== 'read') throw new Error('the body must be read')
  return decision.decide(`logout_token=${logoutToken}`)
}

test('while the store is down nothing pretends to have ended: 503; delivered again it is carried out', async () => {
  let isDown = true
  const written: string[] = []
  const bff = createOwnBff({
    ...fileStore,
    mark(id, mark) {
      if (isDown && id.startsWith('ended:')) throw new Error('the store is down')
      written.push(mark.reason)
      return fileStore.mark(id, mark)
    },
  })
  const logoutToken = await sign('logout+jwt')
  const refused = await deliver(bff, logoutToken)
  expect(refused.status).toBe(503)
  expect(refused.headers).toContain('retry-after')
  isDown = false
  expect((await deliver(bff, logoutToken)).status).toBe(200)
  expect(written).toContain('backchannel')
  const before = written.length
  expect((await deliver(bff, logoutToken)).status).toBe(200)
  expect(written).toHaveLength(before)
  await bff.close()
})

test.each([
  ['required', 'logout+jwt', 200],
  ['required', 'application/logout+jwt', 200],
  ['required', 'JWT', 400],
  ['required', undefined, 400],
  ['optional', 'logout+jwt', 200],
  ['optional', 'JWT', 200],
  ['optional', undefined, 200],
  ['optional', 'at+jwt', 400],
  ['optional', 'secevent+jwt', 400],
] as const)('BCL-04: with a typ that is %s, %s is answered %i', async (mode, typ, status) => {
  const bff = createOwnBff(fileStore, { backchannel: { typ: mode } })
  expect((await deliver(bff, await sign(typ))).status).toBe(status)
  await bff.close()
})

test('A242: without a typ an ID token is still no logout token', async () => {
  const bff = createOwnBff(fileStore, { backchannel: { typ: 'optional' } })
  expect((await deliver(bff, await sign(undefined, { nonce: 'n' }))).status).toBe(400)
  expect((await deliver(bff, await sign(undefined, { events: undefined }))).status).toBe(400)
  await bff.close()
})
