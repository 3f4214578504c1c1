/**
 * A process of its own for adapter-processes.test.ts: `adapter.child.ts <job> <folder> <seal key>`.
 * Says each step on stdout at once, so that what was said was done when the process is killed.
 */
import { writeSync } from 'node:fs'
import { createSealer, createSecret, systemClock } from '@sallyport/core'
import { type ArtifactStore, createArtifactStore } from './adapter.ts'
import { openStorage } from './environment.ts'

/** What the child says, one a line: `issued 7`, `consumed 7`, `won 7`, `rotated 7 <successor>`, `done`. */
const say = (line: string) => writeSync(1, `${line}\n`)

/** Opens the store of a folder as the server does. */
export function openStore(folder: string, sealKey: string) {
  const storage = openStorage(folder)
  const sealer = createSealer([{ kid: '1', key: createSecret(sealKey) }], 'test')
  const context = { storage, sealer, clock: systemClock, refreshTokenGrace: 600 }
  return { storage, store: createArtifactStore(context) }
}

async function issueUntilKilled(store: ArtifactStore): Promise<void> {
  const codes = store.adapter('AuthorizationCode')
  for (let number = 0; ; number += 1) {
    await codes.upsert(`code-${number}`, { accountId: `person-${number}`, grantId: 'g' }, 600)
    say(`issued ${number}`)
    if (number % 2 === 1) continue
    await codes.consume(`code-${number}`)
    say(`consumed ${number}`)
  }
}

async function consumeAll(store: ArtifactStore): Promise<void> {
  const codes = store.adapter('AuthorizationCode')
  for (let number = 0; number < 100; number += 1) {
    await codes.consume(`code-${number}`).then(
      () => say(`won ${number}`),
      () => undefined,
    )
  }
  say('done')
}

async function rotateUntilKilled(store: ArtifactStore): Promise<void> {
  const refreshTokens = store.adapter('RefreshToken')
  for (let number = 0; ; number += 1) {
    await refreshTokens.upsert(`token-${number}`, { grantId: 'g' }, 600)
    say(`issued ${number}`)
    say(`rotated ${number} ${await store.rotateRefreshToken(`token-${number}`)}`)
  }
}

async function rotateAll(store: ArtifactStore): Promise<void> {
  for (let number = 0; number < 100; number += 1) {
    say(`rotated ${number} ${await store.rotateRefreshToken(`token-${number}`)}`)
  }
  say('done')
}

const jobs: Record<string, (store: ArtifactStore) => Promise<void>> = {
  issue: issueUntilKilled,
  consume: consumeAll,
  'rotate-until-killed': rotateUntilKilled,
  'rotate-all': rotateAll,
}

if (import.meta.main) {
  const [job = '', folder = '', sealKey = ''] = process.argv.slice(2)
  const { storage, store } = openStore(folder, sealKey)
  await jobs[job]?.(store)
  await storage.close()
}
