/**
 * Signing in again for a request that needs a stronger or a fresher sign-in, once.
 *
 * @module
 */

import type { StepUpProblem } from '@sallyport/core/contract'
import type { Client } from './client.ts'
import { createErrands, type ErrandStorage } from './step-up/errand.ts'
import { readBounded } from './step-up/read-bounded.ts'
import { loginPath, stepUpRequired } from './wire.ts'

export type { StepUpProblem } from '@sallyport/core/contract'

/** Where to come back to. */
export interface StepUpOptions {
  /**
   * A path of this origin.
   *
   * @defaultValue the current page
   */
  returnUrl?: string
}

/** The globals of a web page that stepping up uses. */
export interface StepUpPage {
  location: Pick<Location, 'origin' | 'pathname' | 'search' | 'hash' | 'assign'>
  sessionStorage: ErrandStorage
}

/** More than any problem has. */
const mostBytes = 16_384

/**
 * The problem of an answer that asks for a stronger or fresher sign-in, if it is one. Leaves the body
 * readable, and reads 16 KiB of it at most. Its members are not checked: whoever goes to its
 * `loginUrl` uses {@link stepUp}, which does.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9470.html#section-3 RFC 9470, section 3}
 */
export async function stepUpOf(response: Response): Promise<StepUpProblem | undefined> {
  const type = response.headers.get('content-type')
  if (response.status !== 401 || !type?.startsWith('application/problem+json')) return undefined
  const problem: Partial<StepUpProblem> = Object(await readBounded(response.clone(), mostBytes))
  return problem.type === stepUpRequired ? (problem as StepUpProblem) : undefined
}

/**
 * Leaves the page to sign in again, if a request's answer asks for it. Call it with every answer of
 * such a request: the one that follows a sign-in and asks again ends the attempt, so that nobody is
 * sent in circles.
 *
 * The last parameter stands in for the page's globals in tests.
 *
 * @returns true when the page is being left; otherwise the answer is the request's own
 * @throws TypeError when `returnUrl` is no path of this origin
 */
export async function stepUp(
  client: Pick<Client, 'basePath'>,
  response: Response,
  { returnUrl, page = globalThis }: StepUpOptions & { page?: StepUpPage } = {},
): Promise<boolean> {
  const { location, sessionStorage } = page
  const { pathname, search, hash, origin } = location
  const target = returnUrl ?? pathname + search + hash
  if (!isPath(target, origin)) throw new TypeError(`no path of this origin: ${returnUrl}`)
  const problem = await stepUpOf(response)
  const login = new URL(client.basePath + loginPath, origin)
  const loginUrl = problem?.loginUrl ? toLoginUrl(problem.loginUrl, login) : undefined
  const errands = createErrands(sessionStorage, client.basePath)
  const path = toPath(response.url, origin)
  const errand = errands.read()
  const isRetry = errand?.path === path && errand.isTaken
  if (isRetry) errands.remove()
  if (!loginUrl || isRetry) return false
  const isOwn = login.origin === origin
  loginUrl.searchParams.set('returnUrl', isOwn ? target : origin + target)
  errands.write({ path, isTaken: false })
  location.assign(isOwn ? loginUrl.pathname + loginUrl.search : loginUrl)
  return true
}

/**
 * The path of the request for which the person was sent to sign in, told once after the return:
 * what to try again. Try again only what your page knows how to, and pass the answer to
 * {@link stepUp}.
 *
 * The second parameter stands in for the page's globals in tests.
 */
export function takeStepUp(
  client: Pick<Client, 'basePath'>,
  { sessionStorage }: Pick<StepUpPage, 'sessionStorage'> = globalThis,
): string | undefined {
  const errands = createErrands(sessionStorage, client.basePath)
  const errand = errands.read()
  if (!errand || errand.isTaken) return undefined
  errands.write({ ...errand, isTaken: true })
  return errand.path
}

/** Only the sign-in of this very BFF: an answer may be an API's, and name any place it likes. */
function toLoginUrl(text: unknown, { origin, pathname }: URL): URL | undefined {
  if (typeof text !== 'string' || !isPath(text, origin)) return undefined
  const url = new URL(text, origin)
  return url.pathname === pathname ? url : undefined
}

function isPath(text: string, origin: string): boolean {
  return (
    text.startsWith('/') && URL.canParse(text, origin) && new URL(text, origin).origin === origin
  )
}

function toPath(url: string, origin: string): string {
  const { pathname, search } = new URL(url, origin)
  return pathname + search
}
