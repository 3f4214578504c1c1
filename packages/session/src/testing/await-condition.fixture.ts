/** Resolves when `holds` does; the limit of the test itself is the only one. */
export async function awaitCondition(holds: () => unknown | Promise<unknown>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** What a call rejects with, whichever way it fails, and how long it took to. */
export async function measureFailure(
  call: () => unknown,
): Promise<{ error: unknown; tookMs: number }> {
  const startedAt = performance.now()
  try {
    await call()
  } catch (error) {
    return { error, tookMs: performance.now() - startedAt }
  }
  throw new Error('the call did not fail')
}
