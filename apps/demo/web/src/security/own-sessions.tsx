import {
  endOtherSessions,
  endSession,
  listSessions,
  type OwnSession,
} from '@sallyport/client/sessions'
import { useEffect, useState } from 'react'
import { useClient } from '../client-context.ts'
import { formatTime } from '../format.ts'

/** Where else this person is signed in, if the gateway keeps such a list. */
export function OwnSessions() {
  const client = useClient()
  const [sessions, setSessions] = useState<OwnSession[]>()
  const [phase, setPhase] = useState<'idle' | 'ending' | 'failed'>('idle')

  // Without an answer there is nothing to show, and nothing to say about it.
  const load = () => listSessions(client).then(setSessions, () => setSessions(undefined))
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, and after each change
  useEffect(() => void load(), [client])

  const end = async (ending: Promise<unknown>) => {
    setPhase('ending')
    const outcome = await ending.then(
      () => 'idle' as const,
      () => 'failed' as const,
    )
    await load()
    setPhase(outcome)
  }

  if (!sessions) return null
  return (
    <section className="card own-sessions" aria-labelledby="sessions-title">
      <h2 id="sessions-title">Your sessions</h2>
      <p className="card-lead">Where you are signed in. End what you do not recognise.</p>
      <ul data-testid="own-sessions">
        {sessions.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            isEnding={phase === 'ending'}
            onEnd={() => void end(endSession(client, session.id))}
          />
        ))}
      </ul>
      {sessions.length > 1 && (
        <button
          type="button"
          className="button quiet small"
          onClick={() => void end(endOtherSessions(client))}
          disabled={phase === 'ending'}
        >
          End all others
        </button>
      )}
      <p role="alert" className={phase === 'failed' ? 'own-sessions-failure' : 'visually-hidden'}>
        {phase === 'failed' && 'That did not work. Try again.'}
      </p>
    </section>
  )
}

interface SessionRowProps {
  session: OwnSession
  isEnding: boolean
  onEnd(): void
}

function SessionRow({ session, isEnding, onEnd }: SessionRowProps) {
  const { device = 'Unknown device', isCurrent, createdAt, lastSeenAt } = session
  const since = toTime(createdAt)
  return (
    <li data-testid="own-session">
      <div>
        <strong>{device}</strong>
        {isCurrent && <span className="badge">This one</span>}
        <span className="session-times">
          Signed in {since}
          {lastSeenAt !== undefined && `, last seen ${toTime(lastSeenAt)}`}
        </span>
      </div>
      {!isCurrent && (
        <button
          type="button"
          className="button plain small"
          onClick={onEnd}
          disabled={isEnding}
          aria-label={`End the session of ${device}, since ${since}`}
        >
          End
        </button>
      )}
    </li>
  )
}

function toTime(seconds: number): string {
  return formatTime(new Date(seconds * 1000).toISOString())
}
