import { createSealer, sha256 } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { createProcess, issue, rightful, sealKeys, world } from './native.fixture.ts'
import { redeemCode } from './redeem-code.ts'

const frontend = 'https://app.example'
const purposes = ['session', 'native-code', 'task', 'sealed-row']

/** What a thief of store and seal keys reads, with all that the store tells, read or in clear. */
async function readByThief(): Promise<string> {
  const { sessions } = world.store.find({}, { limit: 100 })
  const records = sessions.map(({ key }) => world.store.get(key)).filter((one) => one !== undefined)
  world.now += 1000
  const tasks = world.store.takeTasks({ limit: 100, leaseTime: 1 })
  world.now -= 1000
  const sealed = [
    ...records.map((record) => ({ sealed: record.sealed, context: record.key as string })),
    ...tasks.map((task) => ({ sealed: task.sealed, context: task.id })),
  ]
  expect(sealed).not.toEqual([])
  const sealers = purposes.map((purpose) => createSealer(sealKeys, `${purpose}:${frontend}`))
  const known = new Set<string | undefined>([undefined, ''])
  for (const { context } of sealed) {
    for (const [word] of context.matchAll(/[\w-]{43}/g)) known.add(word).add(sha256(word))
  }
  const texts = new Set<string>()
  for (let before = -1; before < texts.size; ) {
    before = texts.size
    for (const { sealed: value, context } of sealed) {
      for (const secret of known) {
        for (const sealer of sealers) texts.add(sealer.open(value, context, secret) ?? '')
      }
    }
    for (const text of texts) for (const [word] of text.matchAll(/[\w-]{43}/g)) known.add(word)
  }
  return [...texts].join('')
}

describe('of an app’s session, split, a thief of the store and the seal keys reads nothing', () => {
  test('while its code waits', async () => {
    await issue(createProcess({ splitSeal: true }))
    expect(await readByThief()).toBe('')
  })

  test.each(['stored', 'sealed'] as const)('once it is there (%s)', async (mode) => {
    const bff = createProcess({ splitSeal: true, mode })
    const code = await issue(bff)
    const { sessionToken = '' } = (await redeemCode({ ...rightful, code }, bff.context)) ?? {}
    expect(await readByThief()).toBe('')
    expect((await bff.native.open(sessionToken))?.content.refreshToken).toBe('refresh')
  })

  test('when it is renewed', async () => {
    const bff = createProcess({ splitSeal: true })
    const { native } = bff
    const redeemed = await redeemCode({ ...rightful, code: await issue(bff) }, bff.context)
    if (!redeemed) throw new Error('it is there')
    const { session, sessionToken } = redeemed
    const renewed = { ...session.content, refreshToken: 'second' }
    expect(await native.sessions.update(session, { content: renewed })).toBe(true)
    expect(await readByThief()).toBe('')
    expect((await native.open(sessionToken))?.content.refreshToken).toBe('second')
  })
})

test('the same thief reads one that is not split: the test can see', async () => {
  const bff = createProcess()
  const code = await issue(bff)
  expect(await readByThief()).toContain('refresh')
  await redeemCode({ ...rightful, code }, bff.context)
  expect(await readByThief()).toContain('refresh')
})

test('what a code gave is read with the code alone', async () => {
  const bff = createProcess()
  const code = await issue(bff)
  const { sessionToken = '' } = (await redeemCode({ ...rightful, code }, bff.context)) ?? {}
  expect(await readByThief()).not.toContain(sessionToken)
})

test('switching it on and off under live sessions signs no app out', async () => {
  const [whole, split] = [createProcess(), createProcess({ splitSeal: true })]
  const redeemed = await redeemCode({ ...rightful, code: await issue(whole) }, whole.context)
  const { sessionToken = '' } = redeemed ?? {}
  for (const { native } of [split, split, whole, split]) {
    const session = await native.open(sessionToken)
    if (!session) throw new Error('it is there')
    expect(await native.sessions.update(session, { content: session.content })).toBe(true)
  }
  expect(await readByThief()).not.toContain('refresh')
})
