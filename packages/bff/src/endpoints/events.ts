import type { Awaitable } from '@sallyport/session'
import { chain } from '../awaitable.ts'
import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision, StreamDecision } from '../decision.ts'
import { eventStream } from '../events/event-stream.ts'
import { requireSession } from '../require-session.ts'
import { respondError, respondStream } from '../respond.ts'

/**
 * `GET /bff/events`: tells a page when its session is about to end, goes on longer, or has ended,
 * as server-sent events. Holding the stream is no activity. Like all that carries the cookie it
 * needs the anti-forgery header, so it is read with `fetch`; an `EventSource` cannot send one.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html HTML, section 9.2}
 */
export function events(
  request: BffRequest,
  context: BffContext,
): Awaitable<RespondDecision | StreamDecision> {
  return chain(requireSession(request, context), (session) => {
    const problem = context.sessionWatch.problem(session)
    if (problem) return respondError(request, problem)
    return respondStream((signal) => eventStream(session, context, signal), {
      setCookies: session.setCookies,
    })
  })
}
