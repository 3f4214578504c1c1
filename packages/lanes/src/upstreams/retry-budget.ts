/** Bounds how many requests are retries, whatever each of them may. */
export interface RetryBudget {
  /** Called for each request, once. */
  earn(): void
  /** @returns whether there is a retry left. */
  spend(): boolean
}

/** Retries for each request. */
const share = 0.2
/** Retries that are saved up: as many connections break at once when an address dies. */
const most = 1000

/** Creates a budget that is full: for a time one retry for each five requests, in the end. */
export function createRetryBudget(): RetryBudget {
  let left = most
  return {
    earn() {
      if (left < most) left += share
    },

    spend() {
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
