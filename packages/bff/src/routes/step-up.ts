import { type Problem, paths, type StepUpProblem } from '@sallyport/core/contract'
import type { Logger } from '@sallyport/telemetry'
import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision } from '../decision.ts'
import { type LoginParameters, parseLoginParameters } from '../login-parameters.ts'
import { respondError } from '../respond.ts'
import { resolveReturnUrl } from '../return-url.ts'
import type { Session } from '../sessions/session.ts'
import type { SignInFacts } from '../tokens/bearer-callers.ts'
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

/** What a problem says besides. */
export type StepUpMembers = Omit<StepUpProblem, keyof Problem>

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
  const wanted = toMembers(demand)
  const { record, content } = session
  const { authTime, createdAt } = record
  if (isMet(demand, { acr: content.claims.acr, authTime, createdAt }, clock())) {
    noteInVain(log, wanted)
    const detail = 'You have just signed in as the API asks, and it refuses all the same.'
    return respondError(request, 'ERR_STEP_UP_REQUIRED', { detail, members: wanted, setCookies })
  }
  const loginUrl = `${config.basePath}${paths.login}?${toLoginQuery(demand)}`
  const members: StepUpMembers = { loginUrl, ...wanted }
  const returnUrl = resolveReturnUrl(request.target, config) ? request.target : undefined
  const more = returnUrl ? `&returnUrl=${encodeURIComponent(returnUrl)}` : ''
  const link = { href: `${loginUrl}${more}`, label: 'Sign in again' }
  return respondError(request, 'ERR_STEP_UP_REQUIRED', { members, link, setCookies })
}

/** What is asked for, in the words of a problem. */
export function toMembers(demand: LoginParameters): StepUpMembers {
  const { acr_values: acrValues, max_age: maxAge } = demand
  return {
    ...(acrValues !== undefined && { acrValues }),
    ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
  }
}

/** Without any value to ask for: at least the person is asked, not only their browser. */
export function toLoginQuery(demand: LoginParameters): URLSearchParams {
  return new URLSearchParams(Object.keys(demand).length > 0 ? { ...demand } : { prompt: 'login' })
}

/** Tells who runs the BFF that a demand cannot be met by signing in. */
export function noteInVain(log: Logger, wanted: StepUpMembers): void {
  log.warn({ event: 'step_up_in_vain', ...wanted }, 'an API refuses the sign-in it asked for')
}

/** Whether a sign-in is all that one made for this demand could be. */
export function isMet(demand: LoginParameters, signIn: SignInFacts, now: number): boolean {
  const { acr_values: acrValues, max_age: maxAge } = demand
  const { createdAt = 0, authTime = maxAge === undefined ? createdAt : 0 } = signIn
  const isStrong = !acrValues || acrValues.split(' ').includes(String(signIn.acr))
  const isStrengthAll = acrValues !== undefined && maxAge === undefined
  return isStrong && (isStrengthAll || now - authTime <= fresh)
}
