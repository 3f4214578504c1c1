import type { TestProject } from 'vitest/node'
import { startRedisServer } from '../../packages/session/src/testing/redis-server.fixture.ts'

/** One Redis for all flows of a test run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startRedisServer()
  project.provide('sessionServer', { redis: server.url })
  return () => server.stop()
}
