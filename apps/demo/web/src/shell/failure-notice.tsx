import type { Failure } from '../failure.ts'

interface FailureNoticeProps {
  failure: Failure
  /** Absent when only another input can help. */
  onRetry?: () => void
}

/** What went wrong, what to do, what to quote. Announced when it appears. */
export function FailureNotice({ failure, onRetry }: FailureNoticeProps) {
  const { title, advice, code, traceId } = failure
  return (
    <div className="failure" role="alert" data-testid="failure">
      <p className="failure-title">{title}</p>
      <p>{advice}</p>
      {onRetry && (
        <button type="button" className="button quiet small" onClick={onRetry}>
          Try again
        </button>
      )}
      {(code || traceId) && (
        <p className="failure-facts">
          {code && <code>{code}</code>}
          {traceId && (
            <span>
              Trace <code data-testid="trace-id">{traceId}</code>
            </span>
          )}
        </p>
      )}
    </div>
  )
}
