/** Seconds since 1970-01-01T00:00:00Z, the unit of every JWT date claim (RFC 7519 section 2). */
export type EpochSeconds = number

/** Tells the time in whole seconds. Comes in through a context, so that tests can set it. */
export type Clock = () => EpochSeconds

/** The machine's clock. */
export const systemClock: Clock = () => Math.floor(Date.now() / 1000)
