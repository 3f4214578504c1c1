import { useSession } from '@sallyport/client/react'
import { useClient } from '../client-context.ts'
import { BrowserView } from './browser-view.tsx'
import { Burst } from './burst.tsx'
import { Claims } from './claims.tsx'
import { OwnSessions } from './own-sessions.tsx'

/** What is behind the sign-in: what the browser holds, knows and can do. */
export function SecurityPage() {
  const state = useSession(useClient())
  return (
    <div className="security-page">
      <div className="page-head">
        <h1>Security</h1>
      </div>
      <BrowserView />
      <div className="security-side">
        <Burst />
        <OwnSessions />
        {state.status === 'signed_in' && <Claims session={state.session} />}
      </div>
    </div>
  )
}
