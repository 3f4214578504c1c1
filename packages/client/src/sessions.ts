/**
 * The signed-in person's own sessions, on all devices: to look at, and to end.
 *
 * @module
 */

import type { OwnSession, OwnSessionsResponse } from '@sallyport/core/contract'
import type { Client } from './client.ts'
import { sessionsPath } from './wire.ts'

export type { OwnSession } from '@sallyport/core/contract'

type SessionsClient = Pick<Client, 'basePath' | 'fetch' | 'session'>

/**
 * The person's sessions, the latest first.
 *
 * @throws what `fetch` throws, or an error whose `cause` is the response: 401 when nobody is signed
 * in, 404 when this BFF keeps no such list
 */
export async function listSessions(client: SessionsClient): Promise<OwnSession[]> {
  const response = await ask(client, '', 'GET')
  const sessions: OwnSessionsResponse = await response.json()
  if (!Array.isArray(sessions)) throw new Error('not a list of sessions', { cause: response })
  return sessions
}

/**
 * Ends one of the person's sessions. If it is this one, the client is signed out.
 *
 * @param id see `OwnSession`
 * @throws what {@link listSessions} does
 */
export async function endSession(client: SessionsClient, id: string): Promise<void> {
  await ask(client, `/${encodeURIComponent(id)}`, 'DELETE')
  // That it ended is certain, whatever is known of this page's own.
  await client.session({ slide: false, reason: 'revoked' }).catch(() => {})
}

/**
 * Ends all sessions of the person's but this one.
 *
 * @throws what {@link listSessions} does
 */
export async function endOtherSessions(client: SessionsClient): Promise<void> {
  await ask(client, '', 'DELETE')
}

async function ask(client: SessionsClient, path: string, method: string): Promise<Response> {
  const response = await client.fetch(client.basePath + sessionsPath + path, { method })
  if (!response.ok) throw new Error(`status ${response.status}`, { cause: response })
  return response
}
