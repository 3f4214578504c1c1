import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { randomToken } from '@sallyport/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from './adapter.child.ts'

let folder: string
const sealKey = randomToken()

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-processes-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function start(job: string): ChildProcess {
  const script = fileURLToPath(new URL('./adapter.child.ts', import.meta.url))
  const flags = ['--conditions=sallyport-source', script, job, folder, sealKey]
  return spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function linesOf(child: ChildProcess, seen: (line: string) => void): Promise<void> {
  if (!child.stdout) throw new Error('the child has no output')
  for await (const line of createInterface({ input: child.stdout })) seen(line)
}

test('what was issued and redeemed is so after the process was killed', async () => {
  const child = start('issue')
  const issued: number[] = []
  const consumed: number[] = []
  await linesOf(child, (line) => {
    const [what, number] = line.split(' ')
    if (what === 'issued') issued.push(Number(number))
    else consumed.push(Number(number))
    if (issued.length === 60) child.kill('SIGKILL')
  })

  const { storage, store } = openStore(folder, sealKey)
  const codes = store.adapter('AuthorizationCode')
  expect(issued.length).toBeGreaterThanOrEqual(60)
  for (const number of issued) {
    expect(await codes.find(`code-${number}`)).toMatchObject({ accountId: `person-${number}` })
  }
  for (const number of consumed) {
    await expect(codes.consume(`code-${number}`)).rejects.toMatchObject({ error: 'invalid_grant' })
  }
  await storage.close()
})

test('T1: three processes redeem the same codes, each code once', async () => {
  const { storage, store } = openStore(folder, sealKey)
  const codes = store.adapter('AuthorizationCode')
  for (let number = 0; number < 100; number += 1) {
    await codes.upsert(`code-${number}`, { grantId: 'g' }, 600)
  }
  const won: string[] = []
  let done = 0
  const children = ['consume', 'consume', 'consume'].map(start)
  await Promise.all(
    children.map((child) =>
      linesOf(child, (line) => {
        if (line === 'done') done += 1
        else won.push(line)
      }),
    ),
  )
  expect(done).toBe(3)
  expect(new Set(won).size).toBe(100)
  expect(won).toHaveLength(100)
  await storage.close()
})

test('a refresh token has the successor that a process named before it was killed', async () => {
  const child = start('rotate-until-killed')
  const successors = new Map<string, string>()
  await linesOf(child, (line) => {
    const [what, number = '', successor = ''] = line.split(' ')
    if (what === 'rotated') successors.set(number, successor)
    if (successors.size === 40) child.kill('SIGKILL')
  })
  const { storage, store } = openStore(folder, sealKey)
  expect(successors.size).toBeGreaterThanOrEqual(40)
  for (const [number, successor] of successors) {
    expect(await store.rotateRefreshToken(`token-${number}`)).toBe(successor)
  }
  await storage.close()
})

test('three processes rotate the same refresh tokens, each to one successor', async () => {
  const { storage, store } = openStore(folder, sealKey)
  const refreshTokens = store.adapter('RefreshToken')
  for (let number = 0; number < 100; number += 1) {
    await refreshTokens.upsert(`token-${number}`, { grantId: 'g' }, 600)
  }
  const rotated: string[] = []
  const children = ['rotate-all', 'rotate-all', 'rotate-all'].map(start)
  await Promise.all(
    children.map((child) =>
      linesOf(child, (line) => {
        if (line !== 'done') rotated.push(line)
      }),
    ),
  )
  expect(rotated).toHaveLength(300)
  expect(new Set(rotated).size).toBe(100)
  await storage.close()
})
