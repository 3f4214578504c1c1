import { createSecret, randomToken, sha256 } from '@sallyport/core'
import type { SessionStore } from '@sallyport/session'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { beforeEach, describe, expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import type { BffContext } from '../context.ts'
import { tokensOf } from '../logout/revocable-tokens.ts'
import { createRevocations } from '../logout/revocations.ts'
import { createSessions } from '../sessions/create-sessions.ts'
import { createStoredSessions } from '../sessions/stored-sessions.ts'
import type { AccessTokens } from '../tokens/access-tokens.ts'
import { createCodes, type PendingSignIn } from './codes.ts'
import { createNativeSessions } from './native-sessions.ts'
import { redeemCode, revocationOf } from './redeem-code.ts'

const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const key = createSecret(randomToken())
const codeVerifier = randomToken()
const phone = {
  ...{ clientId: 'phone', redirectUri: 'com.example:/cb', state: 's', jkt: sha256('key') },
  codeChallenge: sha256(codeVerifier),
}
const claims = { iss: 'https://idp.example', sub: 'alice', aud: 'bff', iat: 1, exp: 2, sid: 's1' }
const content = { claims, idToken: 'id', refreshToken: 'refresh', accessTokens: {} }
const { clientId, redirectUri, jkt } = phone
const rightful = { clientId, redirectUri, codeVerifier, jkt }

let now: number
let store: SessionStore
let revoked: string[]
let background: Promise<unknown>[]
beforeEach(() => {
  now = 1_000_000
  store = createMemoryStore({ clock: () => now })
  revoked = []
  background = []
})

/** A BFF as far as apps' sessions go, as one of several processes on the store. */
function create(nativeApps = [{ clientId: 'phone', name: 'Phone', redirectUris: [redirectUri] }]) {
  const config = parseConfig({
    ...{ publicUrl: 'https://app.example', issuer: 'https://idp.example', clientId: 'bff' },
    ...{ clientAuthentication: { secret: randomToken() }, sealKeys: [{ kid: 'k', key }] },
    nativeApps,
  })
  const clock = () => now
  const parts = { config, store, clock, log, later: () => {} }
  const revocations = createRevocations({
    ...{ config, store, clock, log },
    oidc: { revoke: async (token) => void revoked.push(token) },
    inBackground: (work) => void background.push(work),
  })
  const native = createNativeSessions({
    ...{ config, clock, replays: store, sessions: createStoredSessions(parts) },
    ...{ codes: createCodes(config, store, clock), accessTokens: {} as AccessTokens },
  })
  const sessions = createSessions(parts)
  const context = { config, clock, log, revocations, sessions, native } as unknown as BffContext & {
    native: typeof native
  }
  return { context, native, revocations, sessions }
}

async function issue({ native, revocations }: ReturnType<typeof create>): Promise<string> {
  const signIn: PendingSignIn = { request: phone, start: { claims, content, startedAt: now } }
  const code = await native.codes.issue(signIn)
  await revocations.plan(revocationOf(code), tokensOf(content, now), 120)
  return code
}

describe('a code', () => {
  test('gives a session that is the app’s, by its name, and keeps what was granted', async () => {
    const bff = create()
    const code = await issue(bff)
    const redeemed = await redeemCode({ ...rightful, code }, bff.context)
    const opened = await bff.native.open(redeemed?.sessionToken ?? '')
    expect(opened?.record).toMatchObject({ device: 'Phone', subject: 'alice', sid: 's1' })
    expect(opened?.content.native).toEqual({ clientId: 'phone', jkt })
    expect(redeemed?.session.setCookies).toEqual([])
    now += 300
    await bff.revocations.runDue()
    expect(revoked).toEqual([])
  })

  test('that nobody comes with ends after a minute, and its tokens are revoked', async () => {
    const bff = create()
    const code = await issue(bff)
    now += 60
    expect(await redeemCode({ ...rightful, code }, bff.context)).toBeUndefined()
    now += 60
    await bff.revocations.runDue()
    expect(revoked).toEqual(['refresh'])
  })

  test('that comes again after minutes, to another process, ends its session', async () => {
    const bff = create()
    const code = await issue(bff)
    const redeemed = await redeemCode({ ...rightful, code }, bff.context)
    now += 599
    expect(await redeemCode({ ...rightful, code }, create().context)).toBeUndefined()
    expect(await bff.native.open(redeemed?.sessionToken ?? '')).toBeUndefined()
    await Promise.all(background)
    expect(revoked).toEqual(['refresh'])
  })

  test('that comes again before its session is there leaves none', async () => {
    const bff = create()
    const code = await issue(bff)
    const { codes } = bff.native
    const again = create().context
    let isLate = false
    const native = {
      ...bff.native,
      codes: {
        ...codes,
        async spend(...given: Parameters<typeof codes.spend>) {
          const isFirst = await codes.spend(...given)
          if (!isLate) {
            isLate = true
            await redeemCode({ ...rightful, code }, again)
          }
          return isFirst
        },
      },
    }
    const redeemed = await redeemCode({ ...rightful, code }, { ...bff.context, native })
    expect(isLate).toBe(true)
    expect(redeemed).toBeUndefined()
    const { sessions } = await store.find({ subject: 'alice', issuer: claims.iss }, { limit: 10 })
    expect(sessions).toEqual([])
  })

  test('of a sign-in that the issuer has ended meanwhile gives nothing', async () => {
    const bff = create()
    const code = await issue(bff)
    now += 1
    await bff.sessions.endAll({ issuer: claims.iss, sid: 's1' }, 'backchannel')
    const redeemed = redeemCode({ ...rightful, code }, bff.context)
    await expect(redeemed).rejects.toMatchObject({ code: 'ERR_CALLBACK_REJECTED' })
    await Promise.all(background)
    expect(revoked).toEqual(['refresh'])
  })
})

test('a session of an app that is not configured any more is none', async () => {
  const bff = create()
  const redeemed = await redeemCode({ ...rightful, code: await issue(bff) }, bff.context)
  const token = redeemed?.sessionToken ?? ''
  expect(await bff.native.open(token)).toBeDefined()
  const other = create([{ clientId: 'desk', name: 'Desk', redirectUris: ['http://127.0.0.1/'] }])
  expect(await other.native.open(token)).toBeUndefined()
})
