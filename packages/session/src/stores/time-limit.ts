/** There was no answer in time; what was asked for may still happen. */
export class NoAnswerError extends Error {}

/** The result of a call, or {@link NoAnswerError}. */
export async function within<T>(milliseconds: number, result: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new NoAnswerError(`no answer within ${milliseconds} ms`)),
      milliseconds,
    )
  })
  try {
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}

/** @throws TypeError for a time-out that no call could keep, or that no person would wait for. */
export function assertTimeout(timeoutMs: number): void {
  if (!(timeoutMs > 0 && timeoutMs <= 60_000)) {
    throw new TypeError('timeoutMs must be more than 0 and at most 60000')
  }
}
