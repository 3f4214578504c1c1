import type { Client, Session } from '@sallyport/client'
import { useSession } from '@sallyport/client/react'
import { silentLogin } from '@sallyport/client/silent'
import { useEffect, useRef } from 'react'
import { useClient } from './client-context.ts'
import { Landing } from './landing/landing.tsx'
import { OrdersPage } from './orders/orders-page.tsx'
import { navigate, type Route, routes, useRoute } from './router.ts'
import { SecurityPage } from './security/security-page.tsx'
import { explainEnd } from './session-end.ts'
import { ExpiryBar } from './shell/expiry-bar.tsx'
import { Header } from './shell/header.tsx'
import { Notice } from './shell/notice.tsx'
import { PageSkeleton } from './shell/skeleton.tsx'
import { useSessionEvents } from './use-session-events.ts'

const product = 'Sallyport Demo'

/** The whole page: what is shown follows from the session and the path. */
export function App() {
  const client = useClient()
  const state = useSession(client)
  const events = useSessionEvents(client)
  const route = useRoute()
  const isSignedIn = state.status === 'signed_in'

  useEffect(() => {
    if (isSignedIn && route === '/') navigate('/orders', 'replace')
  }, [isSignedIn, route])
  useEffect(() => {
    document.title = `${product} · ${route ? routes[route] : 'Not found'}`
  }, [route])

  switch (state.status) {
    case 'loading':
      return <PageSkeleton />
    case 'failed':
      return (
        <Notice
          testId="session-unknown"
          title="We cannot tell whether you are signed in"
          action={{ label: 'Try again', run: () => void client.session().catch(() => {}) }}
        >
          The server did not answer. Nothing is shown until it does, and you have not been signed
          out. Check that the demo still runs.
        </Notice>
      )
    case 'signed_out':
      if (!state.ended) return <Landing route={route} />
      return (
        <Notice
          testId="session-ended"
          title="Your session ended"
          action={{ label: 'Sign in again', run: () => void signInAgain(client) }}
        >
          {explainEnd(state.reason)} Nothing of it is left in this page. After you sign in you come
          back to where you were.
        </Notice>
      )
    case 'signed_in':
      return (
        // Another person in the same tab gets a page that remembers nothing of the one before.
        <Shell key={state.session.subject} session={state.session} events={events} route={route} />
      )
  }
}

/** Without leaving the page, if the identity server need not ask anything. */
async function signInAgain(client: Client): Promise<void> {
  const isSignedIn = await silentLogin(client, { timeout: 5 }).catch(() => false)
  if (!isSignedIn) client.login()
}

interface ShellProps {
  session: Session
  events: ReturnType<typeof useSessionEvents>
  route: Route | undefined
}

function Shell({ session, events: { outlook, extend }, route }: ShellProps) {
  const endsAt = outlook?.endsAt ?? session.expiresAt
  const main = useRef<HTMLElement>(null)
  const shownRoute = useRef(route)
  useEffect(() => {
    // A reader of the page hears and continues at what changed, not at the link that was followed.
    if (shownRoute.current !== route) main.current?.focus({ preventScroll: true })
    shownRoute.current = route
  }, [route])
  return (
    <div className="shell">
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <Header session={session} endsAt={endsAt} route={route} />
      {outlook?.isSoon && <ExpiryBar endsAt={endsAt} onStay={extend} />}
      <main ref={main} id="main" tabIndex={-1}>
        <View route={route} />
      </main>
    </div>
  )
}

function View({ route }: { route: Route | undefined }) {
  if (route === '/security') return <SecurityPage />
  if (route) return <OrdersPage />
  return (
    <section className="card empty" data-testid="not-found">
      <h1>There is no such page</h1>
      <p>
        <a href="/orders">Go to your orders</a>
      </p>
    </section>
  )
}
