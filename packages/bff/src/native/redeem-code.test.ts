import { describe, expect, test } from 'vitest'
import {
  claims,
  createProcess,
  issue,
  pass,
  phone,
  redirectUri,
  rightful,
  world,
} from './native.fixture.ts'
import { redeemCode } from './redeem-code.ts'

describe.each([false, true])('a code (splitSeal: %s)', (splitSeal) => {
  const create = () => createProcess({ splitSeal })

  test('gives a session that is the app’s, by its name, and keeps what was granted', async () => {
    const bff = create()
    const code = await issue(bff)
    const redeemed = await redeemCode({ ...rightful, code }, bff.context)
    const opened = await bff.native.open(redeemed?.sessionToken ?? '')
    expect(opened?.record).toMatchObject({ device: 'Phone', subject: 'alice', sid: 's1' })
    expect(opened?.content.native).toEqual({ clientId: 'phone', jkt: phone.jkt })
    expect(redeemed?.session.setCookies).toEqual([])
    await pass(300)
    await bff.revocations.runDue()
    expect(world.revoked).toEqual([])
  })

  test('that another process redeems keeps what was granted', async () => {
    const bff = create()
    const code = await issue(bff)
    expect(await redeemCode({ ...rightful, code }, create().context)).toBeDefined()
    await pass(300)
    await bff.revocations.runDue()
    expect(world.revoked).toEqual([])
  })

  test('that nobody comes with ends after a minute, and its tokens are revoked', async () => {
    const bff = create()
    const code = await issue(bff)
    await pass(60)
    expect(await redeemCode({ ...rightful, code }, bff.context)).toBeUndefined()
    expect(world.revoked).toEqual([])
    await pass(60)
    await bff.revocations.runDue()
    await Promise.all(world.background)
    expect(world.revoked).toContain('refresh')
  })

  test('that comes again after minutes, to another process, ends its session', async () => {
    const bff = create()
    const code = await issue(bff)
    const redeemed = await redeemCode({ ...rightful, code }, bff.context)
    await pass(599)
    expect(await redeemCode({ ...rightful, code }, create().context)).toBeUndefined()
    expect(await bff.native.open(redeemed?.sessionToken ?? '')).toBeUndefined()
    await Promise.all(world.background)
    expect(world.revoked).toEqual(['refresh'])
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
    const filter = { subject: 'alice', issuer: claims.iss }
    const { sessions } = world.store.find(filter, { limit: 10 })
    expect(sessions).toEqual([])
  })

  test('of a sign-in that the issuer has ended meanwhile gives nothing', async () => {
    const bff = create()
    const code = await issue(bff)
    await pass(1)
    await bff.sessions.endAll({ issuer: claims.iss, sid: 's1' }, 'backchannel')
    const redeemed = redeemCode({ ...rightful, code }, bff.context)
    await expect(redeemed).rejects.toMatchObject({ code: 'ERR_CALLBACK_REJECTED' })
    await Promise.all(world.background)
    expect(world.revoked).toEqual(['refresh'])
  })
})

test('tokens of a code that nobody came with are revoked when the store is there again', async () => {
  let isAway = false
  const store = {
    ...world.store,
    get(key: Parameters<typeof world.store.get>[0]) {
      if (isAway) throw new Error('away')
      return world.store.get(key)
    },
  }
  const bff = createProcess({ splitSeal: true }, undefined, store)
  await issue(bff)
  isAway = true
  await expect(pass(120)).rejects.toThrow('away')
  isAway = false
  await pass(120)
  await Promise.all(world.background)
  expect(world.revoked).toEqual(['refresh'])
})

test('a session of an app that is not configured any more is none', async () => {
  const bff = createProcess()
  const redeemed = await redeemCode({ ...rightful, code: await issue(bff) }, bff.context)
  const token = redeemed?.sessionToken ?? ''
  expect(await bff.native.open(token)).toBeDefined()
  const desk = { clientId: 'desk', name: 'Desk', redirectUris: [redirectUri] }
  expect(await createProcess({}, [desk]).native.open(token)).toBeUndefined()
})
