import { useEffect, useState } from 'react'
import { formatCountdown } from '../format.ts'

/** Below this the pill asks for attention. */
const soonSeconds = 60

/** How long the session lasts if nothing more is asked. Not announced: it changes each second. */
export function Countdown({ endsAt }: { endsAt: Date }) {
  const seconds = useSecondsUntil(endsAt)
  return (
    <span
      className={seconds < soonSeconds ? 'countdown soon' : 'countdown'}
      title="Until your session ends, if nothing more is asked of the server"
    >
      <span className="countdown-label">Session</span>{' '}
      <time dateTime={endsAt.toISOString()} data-testid="session-countdown">
        {formatCountdown(seconds)}
      </time>
    </span>
  )
}

/** Seconds until then, counted down in step with all who count. */
export function useSecondsUntil(then: Date): number {
  const [now, setNow] = useState(wholeSecond)
  useEffect(() => {
    const timer = setInterval(() => setNow(wholeSecond), 200)
    return () => clearInterval(timer)
  }, [])
  return Math.floor(then.getTime() / 1000) - now
}

function wholeSecond(): number {
  return Math.floor(Date.now() / 1000)
}
