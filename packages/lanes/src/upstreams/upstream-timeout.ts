/** What an upstream was too slow with. */
export type TimeoutPhase = 'connect' | 'headers' | 'body'

/** An upstream did not accept a connection, begin to answer, or go on answering, in time. */
export class UpstreamTimeout extends Error {
  override readonly name = 'UpstreamTimeout'
  /** For the log: `UPSTREAM_CONNECT_TIMEOUT` and so on. */
  readonly code: string

  constructor(phase: TimeoutPhase, options: ErrorOptions = {}) {
    super(`the upstream was too slow: ${phase}`, options)
    this.code = `UPSTREAM_${phase.toUpperCase()}_TIMEOUT`
  }
}
