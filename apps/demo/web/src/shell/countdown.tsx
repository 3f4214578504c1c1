import { useEffect, useState } from 'react'
import { formatCountdown } from '../format.ts'

/** Below this the pill asks for attention. */
const soonSeconds = 60

/** How long the session lasts if nothing more is asked. Not announced: it changes each second. */
export function Countdown({ expiresAt }: { expiresAt: Date }) {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const seconds = (expiresAt.getTime() - nowMs) / 1000
  return (
    <span
      className={seconds < soonSeconds ? 'countdown soon' : 'countdown'}
      title="Until your session ends, if nothing more is asked of the server"
    >
      <span className="countdown-label">Session</span>{' '}
      <time dateTime={expiresAt.toISOString()} data-testid="session-countdown">
        {formatCountdown(seconds)}
      </time>
    </span>
  )
}
