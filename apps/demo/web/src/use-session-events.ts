import type { Client } from '@sallyport/client'
import { createSessionEvents, type SessionEvents } from '@sallyport/client/events'
import { useCallback, useEffect, useRef, useState } from 'react'

/** What was heard last of the session's end. */
export interface SessionOutlook {
  endsAt: Date
  /** Whether it is time to say something about it. */
  isSoon: boolean
}

/** Follows the session's events while the page is there. */
export function useSessionEvents(client: Client) {
  const events = useRef<SessionEvents>(undefined)
  const [outlook, setOutlook] = useState<SessionOutlook>()
  useEffect(() => {
    const hear = (isSoon: boolean) => (expiresIn: number) =>
      setOutlook({ endsAt: new Date(Date.now() + expiresIn * 1000), isSoon })
    events.current = createSessionEvents(client, {
      onExpiring: hear(true),
      onRefreshed: hear(false),
    })
    return () => events.current?.close()
  }, [client])
  const extend = useCallback(async () => events.current?.extend(), [])
  return { outlook, extend }
}
