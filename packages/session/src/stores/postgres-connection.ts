import { SallyportError, type Secret } from '@sallyport/core'
import { Client, type ClientConfig, Pool, type PoolClient, type QueryResult } from 'pg'
import { NoAnswerError, within } from './time-limit.ts'

/** Which PostgreSQL to use, and how: everything about TLS and addresses is an option of `pg`. */
export type PostgresServer =
  /** `postgres[ql]://user:password@host:port/database?sslmode=…`. */
  { readonly url: string | Secret } | { readonly client: ClientConfig }

/** A statement with its values. Named, so that a connection plans it once. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** The way to PostgreSQL: a bounded pool, and every call ends in time. */
export interface PostgresConnection {
  query(statement: Statement, values: readonly unknown[]): Promise<QueryResult>
  close(): Promise<void>
}

/** How connections are made. */
export interface ConnectionLimits {
  readonly timeoutMs: number
  readonly maxConnections: number
}

/** Opens connections as they are needed. Every failure is `ERR_SESSION_STORE_UNAVAILABLE`. */
export function openPostgresConnection(
  server: PostgresServer,
  { timeoutMs, maxConnections }: ConnectionLimits,
): PostgresConnection {
  const pool = new Pool({
    ...toClientConfig(server),
    max: maxConnections,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    statement_timeout: timeoutMs,
    verify: refuseStandby,
  })
  // A connection that breaks while nobody uses it is replaced by the next call.
  pool.on('error', () => {})
  return {
    async query({ name, text }, values) {
      try {
        return await within(timeoutMs, pool.query({ name, text, values: [...values] }))
      } catch (error) {
        throw toStoreError(error)
      }
    },
    async close() {
      try {
        await within(timeoutMs, pool.end())
      } catch (error) {
        // What does not answer is ended by its own time-out.
        if (!(error instanceof NoAnswerError)) throw toStoreError(error)
      }
    },
  }
}

/** Does something on a connection of its own, which may take longer. */
export async function usePostgresClient<T>(
  server: PostgresServer,
  patienceMs: number,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = createPostgresClient(server, patienceMs)
  client.on('error', () => {})
  try {
    await client.connect()
    return await use(client)
  } catch (error) {
    throw toStoreError(error)
  } finally {
    await within(patienceMs, client.end()).catch(() => {})
  }
}

/** A connection of its own; each of its statements may take so long. */
export function createPostgresClient(server: PostgresServer, timeoutMs: number): Client {
  return new Client({
    ...toClientConfig(server),
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    statement_timeout: timeoutMs,
  })
}

function toStoreError(error: unknown): SallyportError {
  if (error instanceof SallyportError) return error
  const reason = error instanceof Error ? error.message || error.name : String(error)
  const inner = error instanceof AggregateError ? `: ${error.errors.map(String).join(', ')}` : ''
  return new SallyportError(
    'ERR_SESSION_STORE_UNAVAILABLE',
    `the session store in PostgreSQL failed: ${reason}${inner}`,
    { cause: error },
  )
}

/** @throws TypeError for a URL that is none. */
function toClientConfig(server: PostgresServer): ClientConfig {
  if ('client' in server) return server.client
  const connectionString = typeof server.url === 'string' ? server.url : server.url.reveal()
  // Looked at before pg does, whose error would hold the password.
  if (!/^postgres(ql)?:$/.test(URL.parse(connectionString)?.protocol ?? '')) {
    throw new TypeError('the URL of PostgreSQL must be postgres://… or postgresql://…')
  }
  return { connectionString }
}

/** A standby lags behind: a session that was ended would live on in it. */
function refuseStandby(client: PoolClient, done: (error?: Error) => void): void {
  client
    .query('select pg_is_in_recovery() as standby')
    .then(
      ({ rows }) => done(rows[0]?.standby ? new Error('this server is a standby') : undefined),
      done,
    )
}
