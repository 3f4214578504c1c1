import type { ProblemDetails } from '@sallyport/client'

/** An error, for a person: what happened, what to do, what to quote to support. */
export interface Failure {
  title: string
  advice: string
  /** The code to look up in docs/errors.md. */
  code: string | undefined
  traceId: string | undefined
}

const correct = 'Change what you entered, then try again.'
const retry = 'Try again. If it stays, quote the trace id below.'

/** What a person can do, by the last part of a problem's type. */
const adviceByType: Readonly<Record<string, string>> = {
  csrf_rejected: 'Reload the page. If it comes back, something between you and us drops headers.',
  login_required: 'Sign in again; you come back to this page.',
  step_up_required: 'Sign out, sign in again, and try once more.',
  token_unavailable: 'Sign in again to allow this application what it asks for.',
  scope_insufficient: 'Your account may not do this. Sign in with one that may.',
  session_store_unavailable: 'You are still signed in. Try again in a few seconds.',
  idp_unavailable: 'You are still signed in. Try again in a few seconds.',
  upstream_unreachable: 'Check that the API runs (npm start starts it), then try again.',
  inventory_unavailable: 'If it stays, check that the inventory API runs.',
  out_of_stock: 'Order fewer, or something else.',
  upstream_timeout: 'The API is slow right now. Try again.',
}

/** Explains an answer that is not OK; status 0 is no answer at all. */
export function adviseOn(status: number, problem?: ProblemDetails, traceId?: string): Failure {
  if (status === 0) {
    return {
      title: 'No answer from the server',
      advice: 'Check your connection, and that the demo still runs, then try again.',
      code: undefined,
      traceId,
    }
  }
  const name = problem?.type?.split(':').at(-1) ?? ''
  const advice = adviceByType[name] ?? (status < 500 ? correct : retry)
  return {
    title: problem?.title ?? `The server answered with status ${status}`,
    advice: problem?.detail ? `${endSentence(problem.detail)} ${advice}` : advice,
    code: problem?.code,
    traceId,
  }
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
