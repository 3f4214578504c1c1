import { expect, onTestFinished, test } from 'vitest'
import { awaitCondition } from '../testing/await-condition.fixture.ts'
import { startPostgresServer } from '../testing/postgres-server.fixture.ts'
import { sessionOfNow } from '../testing/session-of-now.fixture.ts'
import { createPostgresStore } from './postgres.ts'

test('a standby is refused: at the start, and by a store that was there before', async () => {
  const server = await startPostgresServer()
  onTestFinished(() => server.stop())
  const store = await createPostgresStore({ url: server.url })
  onTestFinished(() => store.close())
  const record = sessionOfNow({ key: 'k' })
  await store.put(record)
  await server.query('checkpoint')
  await server.kill()
  await server.restartAsStandby()
  const standby = {
    code: 'ERR_SESSION_STORE_UNAVAILABLE',
    message: expect.stringMatching(/this server is a standby/),
  }
  await expect(createPostgresStore({ url: server.url })).rejects.toMatchObject(standby)
  // The connection it had is dead; that is found out by one call.
  await store.get(record.key).catch(() => undefined)
  await expect(store.get(record.key)).rejects.toMatchObject(standby)

  await server.query('select pg_promote()')
  await awaitCondition(() => store.get(record.key).catch(() => undefined))
  expect(await store.get(record.key)).toEqual(record)
})
