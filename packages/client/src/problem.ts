import type { Problem } from '@sallyport/core/contract'

/** An error answer's body. The BFF's own has all of {@link Problem}; an API's may have less. */
export type ProblemDetails = Partial<Problem> & { detail?: string }

/**
 * The RFC 9457 problem in a response, or nothing when it holds none. Leaves the body readable.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9457.html#section-3 RFC 9457, section 3}
 */
export async function readProblem(response: Response): Promise<ProblemDetails | undefined> {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return
  const body = response.clone()
  const problem: unknown = await body.json().catch(() => undefined)
  return problem instanceof Object ? problem : undefined
}
