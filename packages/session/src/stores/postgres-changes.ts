import type { ChangeListener } from '../cache/change-feed.ts'
import type { SessionKey } from '../record.ts'
import { tellChange } from './change-message.ts'
import { keepSubscribed, type Subscription } from './keep-subscribed.ts'
import { createPostgresClient, type PostgresServer } from './postgres-connection.ts'

/** What a feed needs to know of its store. */
export interface PostgresChangesContext {
  readonly server: PostgresServer
  readonly schema: string
  readonly timeoutMs: number
}

/** The channel on which each write is told when it is committed. */
export function changesChannel(schema: string): string {
  return `${schema}_changes`
}

/** Listens to what the store's statements notify, on a connection of its own. */
export function listenToPostgres(
  { server, schema, timeoutMs }: PostgresChangesContext,
  listener: ChangeListener,
): () => void {
  function open(onBroken: (error: unknown) => void): Subscription {
    const client = createPostgresClient(server, timeoutMs)
    client.on('error', onBroken)
    client.on('end', () => onBroken(new Error('the connection was closed')))
    client.on('notification', ({ payload = '' }) => tellChange(listener, payload, fromHex))
    const subscribe = async () => {
      await client.connect()
      await client.query(`listen ${changesChannel(schema)}`)
    }
    return {
      ready: subscribe(),
      // The answer comes on the connection that carries the changes.
      probe: () => client.query('select 1'),
      close: () => void client.end().catch(() => {}),
    }
  }

  return keepSubscribed({ open, timeoutMs }, listener)
}

/** A payload cannot have every character that a key may have. */
function fromHex(key: string): SessionKey {
  return Buffer.from(key, 'hex').toString() as SessionKey
}
