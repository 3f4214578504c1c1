import { strictObject } from '@sallyport/core/options'
import * as z from 'zod'

/** How long somebody who is not signed in is told from others, on routes with `visitor`. */
export interface VisitorOptions {
  /**
   * Seconds after which a browser that has not signed in is another visitor, however active. At most
   * 400 days: browsers keep no cookie for longer.
   * @defaultValue 2592000
   */
  lifetime?: number | undefined
}

/** {@link VisitorOptions}, complete. */
export interface VisitorConfig {
  readonly lifetime: number
}

const day = 86_400

/** The schema of {@link VisitorOptions}. */
export const visitors = strictObject({
  lifetime: z
    .int()
    .positive()
    .max(400 * day)
    .default(30 * day),
}).prefault({})
