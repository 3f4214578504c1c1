import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { distributedContract } from '../testing/distributed-contract.fixture.ts'
import { type PostgresTestServer, startPostgresServer } from '../testing/postgres-server.fixture.ts'

let server: PostgresTestServer

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server?.stop())

distributedContract({
  name: 'PostgreSQL store of several processes',
  server: () => server,
  place: () => ({ postgres: { url: server.url, schema: `s${randomBytes(8).toString('hex')}` } }),
})
