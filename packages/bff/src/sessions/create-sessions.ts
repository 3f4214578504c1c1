import { createSealedSessions } from './sealed-sessions.ts'
import type { Sessions, SessionsOptions } from './sessions.ts'
import { withStoreFailures } from './store-failures.ts'
import { createStoredSessions } from './stored-sessions.ts'

/** Creates the keeper of sessions for the configured mode. */
export function createSessions(options: SessionsOptions): Sessions {
  const parts = { ...options, store: withStoreFailures(options.store) }
  return options.config.session.mode === 'sealed'
    ? createSealedSessions(parts)
    : createStoredSessions(parts)
}
