/**
 * The session as a React hook.
 *
 * @module
 */

import { useSyncExternalStore } from 'react'
import type { Client } from './client.ts'
import type { SessionState } from './session.ts'

const serverState: SessionState = { status: 'loading' }

/** The client's session state; the component renders again when it changes. */
export function useSession(client: Client): SessionState {
  return useSyncExternalStore(client.subscribe, client.getSnapshot, () => serverState)
}
