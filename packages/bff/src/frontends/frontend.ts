import type { Awaitable } from '@sallyport/session'
import type { Bff } from '../create-bff.ts'
import type { Decision, RequestHead } from '../decision.ts'

/** One BFF among others, which ends when nobody needs it any more. */
export interface Frontend {
  readonly bff: Bff
  decide(head: RequestHead): Awaitable<Decision>
  /** Lets decisions under way come to their end, then closes the BFF. */
  retire(): Promise<void>
}

/** Keeps count of the decisions of a BFF that are under way. */
export function createFrontend(bff: Bff): Frontend {
  const running = new Set<Promise<unknown>>()

  function track<T>(work: Promise<T>): Promise<T> {
    running.add(work)
    const done = () => running.delete(work)
    work.then(done, done)
    return work
  }

  function trackBody(decision: Decision): Decision {
    if (decision.kind !== 'read') return decision
    return { ...decision, decide: (body) => track(decision.decide(body)) }
  }

  return {
    bff,

    decide(head) {
      const decision = bff.decide(head)
      return decision instanceof Promise ? track(decision.then(trackBody)) : trackBody(decision)
    },

    async retire() {
      while (running.size > 0) await Promise.allSettled(running)
      await bff.close()
    },
  }
}
