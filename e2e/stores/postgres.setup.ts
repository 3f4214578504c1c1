import type { TestProject } from 'vitest/node'
import { startPostgresServer } from '../../packages/session/src/testing/postgres-server.fixture.ts'

/** One PostgreSQL for all flows of a test run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgresServer()
  project.provide('sessionServer', { postgres: server.url })
  return () => server.stop()
}
