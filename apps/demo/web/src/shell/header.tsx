import type { Session } from '@sallyport/client'
import { useState } from 'react'
import { useClient } from '../client-context.ts'
import { linkTo, type Route } from '../router.ts'
import { Countdown } from './countdown.tsx'
import { Mark } from './mark.tsx'

const links = [
  { route: '/orders', label: 'Orders' },
  { route: '/security', label: 'Security' },
] as const

interface HeaderProps {
  session: Session
  endsAt: Date
  route: Route | undefined
}

/** The bar on top of each page: where you are, who you are, how long still, and the way out. */
export function Header({ session, endsAt, route }: HeaderProps) {
  const name = session.name ?? session.subject
  return (
    <header className="header">
      <div className="header-row">
        <a className="brand" {...linkTo('/orders')}>
          <Mark />
          <span>
            Sallyport<span className="brand-demo"> Demo</span>
          </span>
        </a>
        <nav aria-label="Pages" className="nav">
          {links.map(({ route: target, label }) => (
            <a
              key={target}
              {...linkTo(target)}
              aria-current={route === target ? 'page' : undefined}
            >
              {label}
            </a>
          ))}
        </nav>
        <div className="account">
          <Countdown endsAt={endsAt} />
          <span className="person">
            <span className="avatar" aria-hidden="true">
              {name.slice(0, 1).toUpperCase()}
            </span>
            <span className="person-name" data-testid="signed-in-name">
              {name}
            </span>
          </span>
          <SignOut />
        </div>
      </div>
    </header>
  )
}

function SignOut() {
  const client = useClient()
  const [phase, setPhase] = useState<'idle' | 'leaving' | 'failed'>('idle')
  const signOut = () => {
    setPhase('leaving')
    client.logout().catch(() => setPhase('failed'))
  }
  return (
    <>
      <button
        type="button"
        className="button quiet small"
        onClick={signOut}
        disabled={phase === 'leaving'}
      >
        Sign out
      </button>
      <span role="alert" className={phase === 'failed' ? 'toast' : 'visually-hidden'}>
        {phase === 'failed' && 'You are still signed in: the server did not answer. Try again.'}
      </span>
    </>
  )
}
