import { useState } from 'react'
import { formatCountdown } from '../format.ts'
import { useSecondsUntil } from './countdown.tsx'

interface ExpiryBarProps {
  endsAt: Date
  /** Keeps the session alive. */
  onStay(): Promise<unknown>
}

/** Says that the session ends soon, to eyes and ears, and how it goes on. */
export function ExpiryBar({ endsAt, onStay }: ExpiryBarProps) {
  const [phase, setPhase] = useState<'idle' | 'asking' | 'failed'>('idle')
  const seconds = useSecondsUntil(endsAt)
  const stay = () => {
    setPhase('asking')
    onStay().then(
      () => setPhase('idle'),
      () => setPhase('failed'),
    )
  }
  return (
    <section className="expiry-bar" aria-label="End of your session" data-testid="expiry-bar">
      <div className="expiry-row">
        {/* The seconds are for the eye: read aloud, they would drown out everything else. */}
        <p className="visually-hidden" role="alert">
          {phase === 'failed'
            ? 'The server did not answer. Try again.'
            : 'Your session ends soon. Choose Stay signed in to go on.'}
        </p>
        <p aria-hidden="true">
          Your session ends in <time>{formatCountdown(seconds)}</time>.
          {phase === 'failed' && ' The server did not answer: try again.'}
        </p>
        <button
          type="button"
          className="button primary small"
          onClick={stay}
          disabled={phase === 'asking'}
        >
          Stay signed in
        </button>
      </div>
    </section>
  )
}
