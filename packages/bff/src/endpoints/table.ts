import { featurePaths, issuerPaths, nativePaths, paths } from '@sallyport/core/contract'
import type { Awaitable } from '@sallyport/session'
import type { BffContext, BffRequest } from '../context.ts'
import type { ReadDecision, RespondDecision, StreamDecision } from '../decision.ts'
import type { BffConfig } from '../options.ts'
import { receivePush } from '../signals/receive-push.ts'
import { backchannel } from './backchannel.ts'
import { callback } from './callback.ts'
import { events } from './events.ts'
import { frontchannel } from './frontchannel.ts'
import { login } from './login.ts'
import { logoutByLink, logoutByScript } from './logout.ts'
import { nativeLogin } from './native-login.ts'
import { nativeRevoke } from './native-revoke.ts'
import { nativeToken } from './native-token.ts'
import { endOtherSessions, endOwnSession, listOwnSessions } from './own-sessions.ts'
import { silentLogin } from './silent-login.ts'
import { user } from './user.ts'

/** One of the BFF's own endpoints. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Exact; `{id}` at its end stands for the id of a session. */
  readonly path: string
  readonly handle: (
    request: BffRequest,
    context: BffContext,
  ) => Awaitable<RespondDecision | ReadDecision | StreamDecision>
  /**
   * `script`: the whole anti-forgery policy. `page`: only a top-level navigation gets in. `own-frame`: a
   * frame in a page of the application. `return`: either of these two, as it began. `frame`: a
   * frame in a page of the issuer's, without cookies; it must not believe anything. `issuer`:
   * a server; no cookie counts, and what it sends must prove itself. `app`: the same for a native
   * app.
   */
  readonly caller: 'script' | 'page' | 'own-frame' | 'return' | 'frame' | 'issuer' | 'app'
  /** Whether the options leave it out: then those who may call are told that nothing is there. */
  readonly isOff?: (config: BffConfig) => boolean
}

const noApps = ({ nativeApps }: BffConfig) => nativeApps.length === 0
const noFrontchannel = ({ logout }: BffConfig) => !logout.frontchannel
const noPush = ({ signals }: BffConfig) => !signals?.push

/** The BFF's whole public surface. Everything else is proxied, passed on or not found. */
// biome-ignore format: a table reads by column
export const endpoints: readonly Endpoint[] = [
  { method: 'GET',  path: paths.login,    caller: 'page',   handle: login },
  { method: 'GET',  path: paths.callback, caller: 'return', handle: callback },
  { method: 'GET',  path: paths.logout,   caller: 'page',   handle: logoutByLink },
  { method: 'POST', path: paths.logout,   caller: 'script', handle: logoutByScript },
  { method: 'GET',  path: paths.user,     caller: 'script', handle: user },
  { method: 'GET',  path: paths.events,   caller: 'script', handle: events },
  { method: 'GET',  path: featurePaths.silentLogin, caller: 'own-frame', handle: silentLogin },
  { method: 'GET',  path: featurePaths.sessions, caller: 'script', handle: listOwnSessions },
  { method: 'DELETE', path: featurePaths.sessions, caller: 'script', handle: endOtherSessions },
  { method: 'DELETE', path: `${featurePaths.sessions}/{id}`, caller: 'script', handle: endOwnSession },
  { method: 'GET',  path: issuerPaths.frontchannel, caller: 'frame', handle: frontchannel, isOff: noFrontchannel },
  { method: 'POST', path: issuerPaths.backchannel, caller: 'issuer', handle: backchannel },
  { method: 'POST', path: issuerPaths.signals,  caller: 'issuer', handle: receivePush, isOff: noPush },
  { method: 'GET',  path: nativePaths.login,   caller: 'page', handle: nativeLogin, isOff: noApps },
  { method: 'POST', path: nativePaths.token,   caller: 'app',  handle: nativeToken, isOff: noApps },
  { method: 'POST', path: nativePaths.revoke,  caller: 'app',  handle: nativeRevoke, isOff: noApps },
]
