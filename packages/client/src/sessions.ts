/**
 * The signed-in person's own sessions, on all devices: to look at, and to end.
 *
 * @module
 */

import type {
  LogoutResponse,
  OtherSessionsResponse,
  OwnSession,
  OwnSessionsResponse,
} from '@sallyport/core/contract'
import type { Client } from './client.ts'
import type { Page } from './page.ts'
import { sessionsPath } from './wire.ts'

export type { OwnSession } from '@sallyport/core/contract'

/**
 * The person's sessions, the latest first.
 *
 * @throws what `fetch` throws, or an error whose `cause` is the response: 401 when nobody is signed
 * in, 404 when this BFF keeps no list
 */
export async function listSessions(
  client: Pick<Client, 'basePath' | 'fetch'>,
): Promise<OwnSession[]> {
  const sessions = await ask<OwnSessionsResponse>(client, 'GET')
  if (!Array.isArray(sessions)) throw new Error('not a list of sessions')
  return sessions
}

/**
 * Ends one of the person's sessions. This page's own ends like by `Client.logout`: in all tabs, and
 * the page is left for the issuer's sign-out.
 *
 * The last parameter stands in for the page's globals in tests.
 *
 * @param id see `OwnSession`
 * @throws what {@link listSessions} does; 404 as well when it is over already
 */
export async function endSession(
  client: Pick<Client, 'basePath' | 'fetch'>,
  id: string,
  page: Pick<Page, 'BroadcastChannel' | 'location'> = globalThis,
): Promise<void> {
  const body = await ask<Partial<LogoutResponse>>(client, 'DELETE', `/${encodeURIComponent(id)}`)
  if (!body?.logoutUrl) return
  new page.BroadcastChannel(`sallyport:${client.basePath}`).postMessage('logout')
  page.location.assign(body.logoutUrl)
}

/**
 * Ends all sessions of the person's but this one.
 *
 * @returns how many there were, where that is known
 * @throws what {@link listSessions} does, but for 404
 */
export async function endOtherSessions(
  client: Pick<Client, 'basePath' | 'fetch'>,
): Promise<number | undefined> {
  const body = await ask<OtherSessionsResponse>(client, 'DELETE')
  return body?.ended
}

async function ask<Body>(
  { basePath, fetch }: Pick<Client, 'basePath' | 'fetch'>,
  method: string,
  path = '',
): Promise<Body | undefined> {
  const response = await fetch(basePath + sessionsPath + path, { method })
  if (!response.ok) throw new Error(`status ${response.status}`, { cause: response })
  return response.json().catch(() => undefined)
}
