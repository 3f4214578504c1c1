import type { ErrorCode } from '@sallyport/core'
import type { UpstreamConfig } from './options/upstream-options.ts'

/**
 * Header fields in wire order, flat: name, value, name, value. Duplicates stay duplicates, which
 * an object could not show.
 */
export type HeaderList = readonly string[]

/** The head of a request as it came in, before anybody interpreted it. */
export interface RequestHead {
  readonly method: string
  /** The request-target, byte for byte. */
  readonly target: string
  readonly headers: HeaderList
  /** The peer's address, from the socket. */
  readonly remoteAddress: string
}

/** Answer this. Any body of the request is not read. */
export interface RespondDecision {
  readonly kind: 'respond'
  readonly status: number
  readonly headers: HeaderList
  readonly body: string
}

/** Carry the request to an upstream, and its answer back, streaming both. */
export interface ForwardDecision {
  readonly kind: 'forward'
  readonly method: string
  /** `scheme://host:port`, from configuration alone. */
  readonly origin: string
  /** How that origin is reached: where it really is, and within which limits. */
  readonly upstream: UpstreamConfig
  /** Path and query to ask for. */
  readonly path: string
  /** Exactly what to send, but for the framing of the body, which is the lane's. */
  readonly headers: HeaderList
  /** What of the upstream's response headers may pass, and what is set; framing excepted. */
  responseHeaders(upstream: HeaderList): HeaderList
  /**
   * Asked as soon as the head of the upstream's answer is there: what to do in place of passing that
   * answer on, whose body nobody reads then. It sends a request once more only if that has no body.
   */
  instead?(status: number, upstream: HeaderList): RespondDecision | ForwardDecision | undefined
  /**
   * What to answer when the upstream gives no answer that can be passed on.
   *
   * @param retryAfter seconds after which it may be tried again, for a 503.
   */
  answerFailure(code: ErrorCode, retryAfter?: number): RespondDecision
  /** The route's pattern, for logs, metrics and span names. */
  readonly route: string
  /** Seconds the upstream has until its response headers are complete. */
  readonly timeout: number
}

/**
 * Answer with a head at once, then with text as it comes, until it ends or the client leaves. While
 * there is nothing to say the lane sends comments of the event stream format, so that nobody in
 * between takes the connection for dead.
 */
export interface StreamDecision {
  readonly kind: 'stream'
  readonly status: number
  readonly headers: HeaderList
  /**
   * Starts it; the lane calls this once, reads no faster than the client does, and aborts when the
   * client has left.
   */
  open(signal: AbortSignal): AsyncIterable<string>
}

/** Read the body first, whole; what to answer is decided then. For small bodies only. */
export interface ReadDecision {
  readonly kind: 'read'
  /** Bytes; a longer body is not read on, and answered with 413. */
  readonly limit: number
  decide(body: string): Promise<RespondDecision>
}

/** Not the BFF's: the application around it answers (static files, its own pages). */
export interface PassDecision {
  readonly kind: 'pass'
  /** The canonical path, below the frontend's base path. */
  readonly path: string
  /** Whose it is: `BffConfig.frontend`. */
  readonly frontend: string
  /** What to answer when the application has nothing there, so that whoever may read it can. */
  answerFailure(code: ErrorCode): RespondDecision
}

/** What to do with a request. A lane carries it out, and can add no rule and skip none. */
export type Decision =
  | RespondDecision
  | StreamDecision
  | ReadDecision
  | ForwardDecision
  | PassDecision
