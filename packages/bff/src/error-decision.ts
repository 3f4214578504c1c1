import { errorCode, SallyportError } from '@sallyport/core'
import type { BffContext } from './context.ts'
import type { Decision, RequestHead } from './decision.ts'
import { respondError } from './respond.ts'

/** The one place where a failure becomes an answer; the log keeps what the answer does not say. */
export function toErrorDecision(head: RequestHead, error: unknown, context: BffContext): Decision {
  const { log, config } = context
  const code = errorCode(error)
  if (code === 'ERR_INTERNAL') log.error({ error }, 'a decision failed')
  else if (!(error instanceof SallyportError && error.cause === undefined)) {
    log.warn({ error }, 'a request is refused')
  }
  if (code === 'ERR_HOST_UNKNOWN') {
    return respondError(head, code, {
      detail: `Open ${config.applicationUrl.origin} instead.`,
      link: { href: config.applicationUrl.href, label: 'Go to the application' },
    })
  }
  const retryAfter = error instanceof SallyportError ? error.retryAfter : undefined
  return respondError(head, code, { retryAfter })
}
