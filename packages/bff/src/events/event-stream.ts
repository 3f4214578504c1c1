import { randomInt } from 'node:crypto'
import type { SessionEvent } from '@sallyport/core/contract'
import type { BffContext } from '../context.ts'
import { expiringNotice } from '../options/event-options.ts'
import type { Session } from '../sessions/session.ts'
import type { Sighting } from './session-watch.ts'

/** Milliseconds after which a client whose stream ended comes back: not all of them at once. */
const retryMs = { least: 500, most: 5000 }

/** What a stream has said so far. */
interface Said {
  readonly expiresAt: number
  readonly claims: string
  readonly isExpiring: boolean
}

/**
 * One session's events as text. Holds no queue: who reads slowly gets the latest state, not each
 * state in between.
 */
export async function* eventStream(
  session: Session,
  context: BffContext,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { sessionWatch } = context
  if (sessionWatch.problem(session)) return yield retryHint()
  let latest: Sighting = { kind: 'live', session }
  let isNew = true
  let wake = () => {}
  const stop = sessionWatch.watch(session, (sighting) => {
    latest = sighting
    isNew = true
    wake()
  })
  const leave = () => wake()
  signal.addEventListener('abort', leave)
  try {
    let said: Said | undefined
    while (!signal.aborted) {
      if (!isNew) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      isNew = false
      const sighting = latest as Sighting
      if (sighting.kind === 'unseen') return yield retryHint()
      if (sighting.kind === 'ended') return yield toText({ type: 'ended', reason: sighting.reason })
      const step = next(said, sighting.session, context)
      if (step.isOutdated) return yield retryHint()
      said = step.said
      if (step.event) yield toText(step.event)
    }
  } finally {
    signal.removeEventListener('abort', leave)
    stop()
  }
}

interface Step {
  said: Said
  event?: SessionEvent
  /** Whether the browser may know better than we do. */
  isOutdated?: boolean
}

function next(said: Said | undefined, session: Session, { clock, config }: BffContext): Step {
  const { expiresAt } = session.record
  const expiresIn = expiresAt - clock()
  const claims = JSON.stringify(session.content.claims)
  const isExpiring = expiresIn <= expiringNotice(config)
  const now: Said = { expiresAt, claims, isExpiring }
  if (isExpiring && !said?.isExpiring) {
    // A sealed session goes on in its cookie, unseen: whoever opens a stream shows the latest one.
    if (said && config.session.mode === 'sealed') return { said: now, isOutdated: true }
    return { said: now, event: { type: 'expiring', expiresIn } }
  }
  const claimsChanged = said !== undefined && said.claims !== claims
  if (said && !claimsChanged && said.expiresAt === expiresAt) return { said: now }
  return { said: now, event: { type: 'refreshed', expiresIn, claimsChanged } }
}

/** @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream HTML, section 9.2.5} */
function toText({ type, ...rest }: SessionEvent): string {
  return `event: ${type}\ndata: ${JSON.stringify(rest)}\n\n`
}

function retryHint(): string {
  return `retry: ${randomInt(retryMs.least, retryMs.most)}\n\n`
}
