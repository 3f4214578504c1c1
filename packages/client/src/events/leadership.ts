import type { EventsPage } from './page.ts'

export interface LeadershipOptions {
  /** One tab leads among all that use this name. */
  name: string
  page: EventsPage
  /** What the leader does until the signal ends it. */
  lead(signal: AbortSignal): Promise<void>
  /** Asks the leader, in whichever tab, for a sign of life: see {@link Leadership.hear}. */
  ask(): void
}

/** A tab's place among the tabs of which one leads. */
export interface Leadership {
  readonly isLeading: boolean
  /** Says that the leader gave a sign of life. */
  hear(): void
  /** Leaves: another tab leads from then on. */
  leave(): void
}

/** A leader that says nothing for so long is frozen, and what it holds is taken from it. */
const patienceMs = 5000
/** Between two questions whether it lives. */
const askingMs = 30_000

/**
 * Has one of all tabs lead. Web Locks hand over when its tab is closed or crashes. A tab that the
 * browser froze keeps its lock, so a visible one asks now and then, and takes it without an answer.
 */
export function joinLeadership({ name, page, lead, ask }: LeadershipOptions): Leadership {
  const left = new AbortController()
  const isVisible = () => page.document?.visibilityState === 'visible'
  let turn: AbortController | undefined
  let isLeading = false
  let isHeard = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const locks = page.navigator?.locks
  if (locks) {
    queue(locks, false)
    probe(locks)
    whenVisibilityChanges(() => probe(locks))
  } else {
    leadWhileVisible()
    whenVisibilityChanges(leadWhileVisible)
  }

  return {
    get isLeading() {
      return isLeading
    },
    hear() {
      isHeard = true
    },
    leave() {
      clearTimeout(timer)
      left.abort()
      turn?.abort()
    },
  }

  /** Waits for the lock, or takes it; leads while it is held. */
  function queue(from: Pick<LockManager, 'request'>, steal: boolean): void {
    const mine = new AbortController()
    const before = turn
    turn = mine
    // A request that takes the lock cannot be called off, and need not be: it is granted at once.
    const options = steal ? { steal } : { signal: mine.signal }
    from
      .request(name, options, () => take(mine))
      .then(
        () => true,
        // Called off, or taken by another tab; or else this page may not have locks.
        (error) => error?.name === 'AbortError',
      )
      .then((isLocking) => {
        mine.abort()
        if (turn !== mine || left.signal.aborted) return
        if (isLocking) return queue(from, false)
        leadWhileVisible()
        whenVisibilityChanges(leadWhileVisible)
      })
    before?.abort()
  }

  /** In turns: for the lock's while, or the page's visibility. */
  async function take(mine: AbortController): Promise<void> {
    if (mine.signal.aborted) return
    isLeading = true
    mine.signal.addEventListener('abort', () => {
      if (turn === mine) isLeading = false
    })
    await lead(mine.signal)
  }

  function probe(from: Pick<LockManager, 'request'>): void {
    clearTimeout(timer)
    if (isLeading || !isVisible()) {
      timer = setTimeout(probe, askingMs, from)
      return
    }
    isHeard = false
    ask()
    timer = setTimeout(() => {
      if (!isHeard && !isLeading && isVisible()) queue(from, true)
      timer = setTimeout(probe, askingMs, from)
    }, patienceMs)
  }

  /** Without locks, tabs that are seen lead each for itself, and the others do not. */
  function leadWhileVisible(): void {
    if (!isVisible()) {
      turn?.abort()
    } else if (!turn || turn.signal.aborted) {
      turn = new AbortController()
      void take(turn)
    }
  }

  function whenVisibilityChanges(change: () => void): void {
    page.document?.addEventListener('visibilitychange', change, { signal: left.signal })
  }
}
