import type { RetryMethod, UpstreamConfig } from '@sallyport/bff'
import { UpstreamTimeout } from './upstream-timeout.ts'

/** What is known of an exchange that failed. */
export interface AttemptFailure {
  error: unknown
  /** Whether there was a connection: without one, nothing of the request has got anywhere. */
  wasConnected: boolean
  /** Whether its connection had carried others before. */
  isReused: boolean
  /** Whether a byte of the response has come. */
  hasBegun: boolean
  /** Whether the request waits for more of its body from the client. */
  isUploading: boolean
}

/** What must be known of a request to send it again. */
export interface RepeatableParts {
  method: string
  hasBody: boolean
  /** Whether all of the body that was read is still there. */
  isBodyWhole: boolean
}

/** Whether a method may be sent again without harm, as far as the configuration goes. */
export function isRepeatable(
  { method, hasBody }: Pick<RepeatableParts, 'method' | 'hasBody'>,
  { methods }: UpstreamConfig['retries'],
): boolean {
  return !hasBody && methods.includes(method as RetryMethod)
}

/**
 * Whether a request may be sent again after a failure: when nothing of it has got anywhere, and else
 * only if it may be repeated and its connection broke before a byte of the response came. An
 * upstream that is slow may be at work: it is not asked twice.
 */
export function mayRepeat(
  request: RepeatableParts,
  failure: AttemptFailure,
  retries: UpstreamConfig['retries'],
): boolean {
  if (failure.hasBegun) return false
  if (!failure.wasConnected) return request.isBodyWhole
  return isRepeatable(request, retries) && !(failure.error instanceof UpstreamTimeout)
}

/**
 * Whether a failure says something of the address: not when an idle connection was closed in the
 * moment in which it was used, when an answer has begun, or when the client was the slow one.
 */
export function countsAsFailure(failure: AttemptFailure): boolean {
  const { error, wasConnected, isReused, hasBegun, isUploading } = failure
  if (!wasConnected) return true
  if (hasBegun) return false
  return error instanceof UpstreamTimeout ? !isUploading : !isReused
}
