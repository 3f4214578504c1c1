import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSealer, createSecret, randomToken } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ArtifactStore, createArtifactStore } from './adapter.ts'
import { openStorage, type Storage } from './environment.ts'

let dataDir: string
let storage: Storage
let store: ArtifactStore
let now: number

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'sallyport-adapter-'))
  storage = openStorage(dataDir)
  now = 1_800_000_000
  const sealer = createSealer([{ kid: '1', key: createSecret(randomToken()) }], 'test')
  store = createArtifactStore({ storage, sealer, clock: () => now, refreshTokenGrace: 10 })
})
afterEach(async () => {
  await storage.close()
  rmSync(dataDir, { recursive: true })
})

const models = [
  'AccessToken',
  'AuthorizationCode',
  'BackchannelAuthenticationRequest',
  'ClientCredentials',
  'DeviceCode',
  'Grant',
  'Interaction',
  'PushedAuthorizationRequest',
  'RefreshToken',
  'Session',
]

describe.each(models)('rows of %s', (model) => {
  test('are found with their id, changed, and gone once destroyed', async () => {
    const adapter = store.adapter(model)
    const payload = { jti: 'id-1', kind: model, accountId: 'a', uid: 'uid-1' }
    await adapter.upsert('id-1', payload, 60)
    expect(await adapter.find('id-1')).toEqual(payload)
    await adapter.upsert('id-1', { ...payload, accountId: 'b' }, 60)
    expect(await adapter.find('id-1')).toMatchObject({ accountId: 'b' })
    await adapter.destroy('id-1')
    expect(await adapter.find('id-1')).toBeUndefined()
    expect(await store.adapter('Other').find('id-1')).toBeUndefined()
  })

  test('A305: a write under way does not bring back what was destroyed', async () => {
    const adapter = store.adapter(model)
    await adapter.upsert('id-1', { accountId: 'a', uid: 'uid-1' }, 60)
    await Promise.all([
      adapter.destroy('id-1'),
      adapter.upsert('id-1', { accountId: 'a', uid: 'uid-1' }, 60),
    ])
    expect(await adapter.find('id-1')).toBeUndefined()
  })
})

describe.each(['AuthorizationCode', 'RefreshToken', 'DeviceCode'])('T1: %s', (model) => {
  test('of 50 at once, one consumes it', async () => {
    const adapter = store.adapter(model)
    await adapter.upsert('code', { grantId: 'g' }, 60)
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => adapter.consume('code')),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await adapter.find('code')).toMatchObject({ consumed: now })
  })

  test('A305: stays consumed when it is written again, and unknown ones are refused', async () => {
    const adapter = store.adapter(model)
    await adapter.upsert('code', { grantId: 'g' }, 60)
    await adapter.consume('code')
    await adapter.upsert('code', { grantId: 'g' }, 60)
    expect(await adapter.find('code')).toMatchObject({ consumed: now })
    await expect(adapter.consume('code')).rejects.toMatchObject({ error: 'invalid_grant' })
    await expect(adapter.consume('unknown')).rejects.toMatchObject({ error: 'invalid_grant' })
  })
})

describe('replay detection', () => {
  test('of 20 inserts at once, one succeeds; after its end it may come again', async () => {
    const adapter = store.adapter('ReplayDetection')
    const insert = () => adapter.upsert('jti', { iss: 'orders-api' }, 60)
    const results = await Promise.allSettled(Array.from({ length: 20 }, insert))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    now += 61
    await expect(insert()).resolves.toBeUndefined()
  })
})

describe('revocation of a grant', () => {
  test('ends what belongs to it, of one model, and nothing else', async () => {
    const tokens = store.adapter('AccessToken')
    const refreshTokens = store.adapter('RefreshToken')
    await tokens.upsert('one', { grantId: 'g' }, 60)
    await tokens.upsert('two', { grantId: 'g' }, 60)
    await tokens.upsert('other', { grantId: 'g2' }, 60)
    await refreshTokens.upsert('one', { grantId: 'g' }, 60)
    await tokens.revokeByGrantId('g')
    expect(await tokens.find('one')).toBeUndefined()
    expect(await tokens.find('two')).toBeUndefined()
    expect(await tokens.find('other')).toBeDefined()
    expect(await refreshTokens.find('one')).toBeDefined()
  })
})

describe('T4: a session by its lasting uid', () => {
  const payload = { uid: 'lasting', accountId: 'a', kind: 'Session' }

  test('is found at any moment while its id changes', async () => {
    const sessions = store.adapter('Session')
    await sessions.upsert('old', { ...payload, jti: 'old' }, 60)
    await sessions.destroy('old')
    expect(await sessions.findByUid('lasting')).toMatchObject({ accountId: 'a' })
    expect(await sessions.find('old')).toBeUndefined()
    await sessions.upsert('new', { ...payload, jti: 'new' }, 60)
    expect(await sessions.findByUid('lasting')).toMatchObject({ jti: 'new' })
  })

  test('is found by the newest id when ids were written out of order', async () => {
    const sessions = store.adapter('Session')
    await sessions.upsert('old', { ...payload, jti: 'old' }, 60)
    await sessions.upsert('new', { ...payload, jti: 'new' }, 60)
    await sessions.destroy('old')
    expect(await sessions.findByUid('lasting')).toMatchObject({ jti: 'new' })
  })

  test('is gone for good once buried, under each id', async () => {
    const sessions = store.adapter('Session')
    await sessions.upsert('old', { ...payload, jti: 'old' }, 60)
    await sessions.destroy('old')
    store.burySession('lasting')
    expect(await sessions.findByUid('lasting')).toBeUndefined()
    await sessions.upsert('new', { ...payload, jti: 'new' }, 60)
    expect(await sessions.find('new')).toBeUndefined()
    expect(await sessions.findByUid('lasting')).toBeUndefined()
  })
})

describe('user codes', () => {
  test('lead to their row', async () => {
    const codes = store.adapter('DeviceCode')
    await codes.upsert('device', { userCode: 'ABCD-EFGH', clientId: 'tv' }, 60)
    expect(await codes.findByUserCode('ABCD-EFGH')).toMatchObject({ clientId: 'tv' })
    expect(await codes.findByUserCode('XXXX-XXXX')).toBeUndefined()
  })
})

describe('sweeping', () => {
  test('removes rows and indexes that expired, keeps what was prolonged', async () => {
    const sessions = store.adapter('Session')
    const tokens = store.adapter('AccessToken')
    await tokens.upsert('short', { grantId: 'g' }, 60)
    await sessions.upsert('kept', { uid: 'lasting' }, 60)
    await sessions.upsert('kept', { uid: 'lasting' }, 6000)
    now += 1000
    expect(await storage.sweep(now)).toBe(2)
    expect(storage.keys('AccessToken:')).toEqual([])
    expect(storage.keys('grant:')).toEqual([])
    expect(await sessions.findByUid('lasting')).toBeDefined()
    expect(await storage.sweep(now)).toBe(0)
    now += 6000
    await storage.sweep(now)
    expect(storage.keys('')).toEqual([])
  })
})

describe('sealing', () => {
  test('a row put in the place of another does not open', async () => {
    const tokens = store.adapter('AccessToken')
    await tokens.upsert('mine', { accountId: 'a' }, 60)
    await tokens.upsert('yours', { accountId: 'b' }, 60)
    const [first = '', second = ''] = storage.keys('AccessToken:')
    const row = storage.get<{ exp?: number }>(first)
    await storage.transact((write) => write.put(second, row ?? {}))
    const found = await Promise.all([tokens.find('mine'), tokens.find('yours')])
    expect(found.filter((one) => one !== undefined)).toHaveLength(1)
  })
})

describe('a refresh token that is redeemed', () => {
  const issue = () =>
    store.adapter('RefreshToken').upsert('first', { clientId: 'bff', grantId: 'g' }, 600)

  test('has one successor for all who redeem it within the grace', async () => {
    await issue()
    const names = await Promise.all(
      Array.from({ length: 20 }, () => store.rotateRefreshToken('first')),
    )
    expect(new Set(names).size).toBe(1)
    expect(names[0]).toMatch(/^[\w-]{43}$/)
    now += 9
    expect(await store.rotateRefreshToken('first')).toBe(names[0])
    expect(await store.adapter('RefreshToken').find('first')).not.toHaveProperty('consumed')
  })

  test('is used up after the grace', async () => {
    await issue()
    await store.rotateRefreshToken('first')
    now += 10
    await expect(store.rotateRefreshToken('first')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    const found = await store.adapter('RefreshToken').find('first')
    expect(found).toMatchObject({ consumed: now - 10 })
  })

  test('keeps its successor when it is saved once more', async () => {
    await issue()
    const successor = await store.rotateRefreshToken('first')
    await issue()
    expect(await store.rotateRefreshToken('first')).toBe(successor)
  })

  test('has none when its grant was revoked, within the grace too', async () => {
    await issue()
    const successor = await store.rotateRefreshToken('first')
    await store.adapter('RefreshToken').upsert(successor, { grantId: 'g' }, 600)
    await store.adapter('RefreshToken').revokeByGrantId('g')
    for (const id of ['first', successor]) {
      await expect(store.rotateRefreshToken(id)).rejects.toMatchObject({ error: 'invalid_grant' })
    }
    // A request that was under way saves the successor now: it stays revoked.
    await store.adapter('RefreshToken').upsert(successor, { grantId: 'g' }, 600)
    expect(await store.adapter('RefreshToken').find(successor)).toBeUndefined()
  })

  test('is unknown otherwise', async () => {
    await expect(store.rotateRefreshToken('nobody')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })
})
