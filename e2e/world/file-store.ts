import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTelemetry } from '@sallyport/telemetry'
import { afterAll } from 'vitest'
import { openStore } from '../../packages/gateway/src/open-store.ts'
import { sessionStoreOf } from './session-store.ts'

const folder = await mkdtemp(join(tmpdir(), 'sallyport-flow-'))

/** The store of all BFFs of a test file that have no gateway: what the test run is about. */
export const fileStore = await openStore(sessionStoreOf(join(folder, 'sessions')), {
  telemetry: createTelemetry({ service: 'bff', level: 'silent' }),
})

afterAll(async () => {
  await fileStore.close()
  await rm(folder, { recursive: true, force: true })
})
