import { createSecret, randomToken, SallyportError } from '@sallyport/core'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { expect, test } from 'vitest'
import type { RevocableToken } from './revocable-tokens.ts'
import { createRevocations } from './revocations.ts'

const { log } = createTelemetry({ service: 'bff', level: 'silent' })
const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]
const refresh: RevocableToken = { kind: 'refresh_token', value: 'r', expiresAt: 9000 }
const access: RevocableToken = { kind: 'access_token', value: 'a', expiresAt: 1300 }

function createSetting() {
  let now = 1000
  const store = createMemoryStore({ clock: () => now })
  const asked: string[] = []
  const background: Promise<unknown>[] = []
  const setting = {
    store,
    asked,
    failure: undefined as SallyportError | undefined,
    wait: (seconds: number) => {
      now += seconds
    },
    settled: () => Promise.all(background),
    /** As another process on the same store would have it. */
    create: (frontend = 'https://app.example') =>
      createRevocations({
        ...{ config: { sealKeys, frontend, issuerTimeout: 5 }, store, log, random: () => 1 },
        clock: () => now,
        oidc: {
          async revoke(value) {
            asked.push(value)
            if (setting.failure) throw setting.failure
          },
        },
        inBackground: (work) => void background.push(work),
      }),
  }
  return setting
}

const down = () => new SallyportError('ERR_IDP_UNAVAILABLE', 'down')

test('what is revoked at once is done, and nobody does it again', async () => {
  const { create, asked, settled, wait } = createSetting()
  const revocations = create()
  await revocations.plan('s', [refresh, access])
  revocations.start('s', [refresh, access])
  await settled()
  wait(3600)
  await create().runDue()
  expect(asked).toEqual(['r', 'a'])
})

test('what was planned by a process that was killed is done by another, after its head start', async () => {
  const { create, asked, wait } = createSetting()
  await create().plan('s', [refresh])
  await create().runDue()
  expect(asked).toEqual([])
  wait(20)
  await create().runDue()
  expect(asked).toEqual(['r'])
})

test('an issuer that is down is asked once a run, again after a pause that grows, then no more', async () => {
  const setting = createSetting()
  const { create, asked, wait } = setting
  await create().plan('one', [refresh, access])
  await create().plan('two', [refresh])
  setting.failure = down()
  wait(20)
  await create().runDue()
  expect(asked).toEqual(['r'])
  wait(4)
  await create().runDue()
  expect(asked).toHaveLength(1)
  wait(1)
  await create().runDue()
  expect(asked).toHaveLength(2)
  wait(9)
  await create().runDue()
  expect(asked).toHaveLength(2)
  setting.failure = undefined
  wait(1)
  await create().runDue()
  expect(asked.slice(2).sort()).toEqual(['a', 'r', 'r'])
  wait(3600)
  await create().runDue()
  expect(asked).toHaveLength(5)
})

test('a token that has ended by itself is revoked no more', async () => {
  const { create, asked, wait } = createSetting()
  await create().plan('s', [refresh, access])
  wait(400)
  await create().runDue()
  expect(asked).toEqual(['r'])
  await create().plan('t', [{ ...access, expiresAt: 1500 }])
  wait(3600)
  await create().runDue()
  expect(asked).toEqual(['r'])
})

test('an issuer that cannot revoke a token is not asked again', async () => {
  const setting = createSetting()
  const { create, asked, wait } = setting
  await create().plan('s', [access])
  setting.failure = new SallyportError('ERR_IDP_RESPONSE_INVALID', 'unsupported_token_type')
  for (const _ of [1, 2, 3]) {
    wait(60)
    await create().runDue()
  }
  expect(asked).toEqual(['a'])
})

test('another frontend on the same store does not do it, and does not lose it', async () => {
  const { create, asked, wait } = createSetting()
  await create().plan('s', [refresh])
  wait(20)
  await create('https://app.example/other').runDue()
  expect(asked).toEqual([])
  wait(1)
  await create().runDue()
  expect(asked).toEqual(['r'])
})

test('the store sees no token', async () => {
  const { create, store, wait } = createSetting()
  await create().plan('s', [{ ...refresh, value: 'planted-secret' }])
  wait(20)
  const tasks = await store.takeTasks({ limit: 5, leaseTime: 1 })
  expect(tasks).toHaveLength(1)
  expect(JSON.stringify(tasks)).not.toContain('planted-secret')
})

test('what is taken back is not done, and what is for later not before', async () => {
  const { create, asked, wait } = createSetting()
  await create().plan('used', [refresh], 120)
  await create().plan('unused', [access], 120)
  await create().forget('used')
  wait(119)
  await create().runDue()
  expect(asked).toEqual([])
  wait(1)
  await create().runDue()
  expect(asked).toEqual(['a'])
})
