import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSealer, createSecret, sha256 } from '@sallyport/core'
import type { SessionKey } from '@sallyport/session'
import { createLmdbStore } from '@sallyport/session/lmdb'
import type { DemoSettings } from '../../apps/demo/src/settings.ts'

/** What the BFF keeps for a session, and must keep to itself. */
export interface IssuedTokens {
  readonly idToken: string
  readonly refreshToken: string
  readonly accessTokens: readonly string[]
}

/** Reads a live session's tokens as its BFF does: in its store, with its key. */
export async function readIssuedTokens(
  { dataDir, keyFiles }: DemoSettings,
  cookieValue: string,
): Promise<IssuedTokens> {
  const store = createLmdbStore({ folder: join(dataDir, 'sessions') })
  const record = await store.get(sha256(cookieValue) as SessionKey)
  await store.close()
  const sealKey = createSecret(readFileSync(keyFiles.seal, 'utf8').trim())
  const sealer = createSealer([{ kid: 'demo', key: sealKey }], `session:${record?.frontend}`)
  const text = record && sealer.open(record.sealed, record.key)
  if (text === undefined) throw new Error('this session is not in the store')
  const { idToken, refreshToken, accessTokens } = JSON.parse(text)
  return {
    idToken,
    refreshToken,
    accessTokens: Object.values<{ accessToken: string }>(accessTokens).map(
      ({ accessToken }) => accessToken,
    ),
  }
}
