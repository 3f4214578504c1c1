import { type Problem, paths, type StepUpProblem } from '@sallyport/core/contract'
import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision } from '../decision.ts'
import { type LoginParameters, parseLoginParameters } from '../login-parameters.ts'
import { respondError } from '../respond.ts'
import { resolveReturnUrl } from '../return-url.ts'
import type { Session } from '../sessions/session.ts'
import type { Challenge } from './challenges.ts'

/** Seconds in which whoever signed in came back here: one more sign-in would be no fresher. */
const fresh = 10

const names = ['acr_values', 'max_age'] as const

/**
 * What an API wants of the person before it takes their token; `undefined` when it wants nothing of
 * the kind. Only what `/bff/login` takes is kept, so that a link made of it always works.
 *
 * @param leaveOut told of each value that is not kept.
 * @see {@link https://www.rfc-editor.org/rfc/rfc9470.html#section-3 RFC 9470, section 3}
 */
export function stepUpDemand(
  challenges: readonly Challenge[],
  leaveOut: (name: string) => void,
): LoginParameters | undefined {
  const challenge = challenges.find(
    ({ parameters }) => parameters.get('error') === 'insufficient_user_authentication',
  )
  if (!challenge) return undefined
  const demand: LoginParameters = {}
  for (const name of names) {
    const value = challenge.parameters.get(name)
    if (value === undefined) continue
    const { parameters } = parseLoginParameters(new URLSearchParams({ [name]: value }))
    if (parameters[name] === undefined) leaveOut(name)
    Object.assign(demand, parameters)
  }
  return demand
}

type StepUpMembers = Omit<StepUpProblem, keyof Problem>

/** A session whose token an API did not take. */
export interface StepUp {
  session: Session
  demand: LoginParameters
  setCookies: readonly string[]
}

/**
 * Tells a page where to send the person, for the sign-in that an API wants. When the session already is
 * what such a sign-in would give, there is nowhere to send anybody: the API refuses for a reason
 * that no sign-in mends, and whoever followed a link would go round for ever.
 */
export function requireStepUp(
  request: BffRequest,
  { session, demand, setCookies }: StepUp,
  { clock, config, log }: BffContext,
): RespondDecision {
  const { acr_values: acrValues, max_age: maxAge } = demand
  const wanted: StepUpMembers = {
    ...(acrValues !== undefined && { acrValues }),
    ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
  }
  if (isMet(demand, session, clock())) {
    log.warn({ event: 'step_up_in_vain', ...wanted }, 'an API refuses the sign-in it asked for')
    const detail = 'You have just signed in as the API asks, and it refuses all the same.'
    return respondError(request, 'ERR_STEP_UP_REQUIRED', { detail, members: wanted, setCookies })
  }
  // Without any value to ask for: at least the person is asked, not only their browser.
  const asked = Object.keys(demand).length > 0 ? { ...demand } : { prompt: 'login' }
  const loginUrl = `${config.basePath}${paths.login}?${new URLSearchParams(asked)}`
  const members: StepUpMembers = { loginUrl, ...wanted }
  const returnUrl = resolveReturnUrl(request.target, config) ? request.target : undefined
  const more = returnUrl ? `&returnUrl=${encodeURIComponent(returnUrl)}` : ''
  const link = { href: `${loginUrl}${more}`, label: 'Sign in again' }
  return respondError(request, 'ERR_STEP_UP_REQUIRED', { members, link, setCookies })
}

/** Whether a session is all that a sign-in made for this demand could be. */
function isMet(demand: LoginParameters, { record, content }: Session, now: number): boolean {
  const { acr_values: acrValues, max_age: maxAge } = demand
  const { createdAt, authTime = maxAge === undefined ? createdAt : 0 } = record
  const isStrong = !acrValues || acrValues.split(' ').includes(String(content.claims.acr))
  const isStrengthAll = acrValues !== undefined && maxAge === undefined
  return isStrong && (isStrengthAll || now - authTime <= fresh)
}
