import { type Realm, type TokenScheme, toChallenge } from '@sallyport/core/access-token'
import type { BffContext, BffRequest } from '../context.ts'
import type { RespondDecision } from '../decision.ts'
import type { LoginParameters } from '../login-parameters.ts'
import { respondError } from '../respond.ts'
import type { Admission } from '../tokens/bearer-callers.ts'
import { nonceHeaders } from '../tokens/proof-nonces.ts'
import { isMet, noteInVain, toLoginQuery, toMembers } from './step-up.ts'

/** An app whose call was let in, and how it showed its token. */
export interface AdmittedCaller extends Admission {
  readonly scheme: TokenScheme
  readonly realm: Realm
}

/**
 * Tells an app that an API wants another sign-in of its person: by the challenge of RFC 9470, which
 * speaks of the token that the app itself brought, and for apps with a session of ours by where to
 * begin. When the sign-in already is what is asked for, the challenge names no error: whoever
 * followed one would go round for ever.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9470.html#section-3 RFC 9470, section 3}
 */
export function requireStepUpOfApp(
  request: BffRequest,
  { caller, demand }: { caller: AdmittedCaller; demand: LoginParameters },
  context: BffContext,
): RespondDecision {
  const { clock, config, log } = context
  const { scheme, signIn, loginPath } = caller
  const realm = { ...caller.realm, schemes: [scheme] }
  const wanted = toMembers(demand)
  const answer = (challenge: string | undefined, rest: object) => {
    const headers = [
      ...(challenge ? ['www-authenticate', challenge] : []),
      ...(scheme === 'DPoP' ? nonceHeaders(context) : []),
    ]
    return respondError(request, 'ERR_STEP_UP_REQUIRED', { headers, ...rest })
  }
  if (isMet(demand, signIn, clock())) {
    noteInVain(log, wanted)
    const detail = 'The person has just signed in as the API asks, and it refuses all the same.'
    return answer(toChallenge('ERR_TOKEN_MISSING', realm), { detail, members: wanted })
  }
  const loginUrl = `${config.basePath}${loginPath}?${toLoginQuery(demand)}`
  const challenge = toChallenge('ERR_STEP_UP_REQUIRED', realm, { scheme, ...toDetails(demand) })
  return answer(challenge, { members: { ...(loginPath && { loginUrl }), ...wanted } })
}

function toDetails({ acr_values: acrValues, max_age: maxAge }: LoginParameters) {
  if (acrValues === undefined && maxAge === undefined) return {}
  const missing = acrValues === undefined ? ('age' as const) : ('acr' as const)
  return {
    signIn: {
      missing,
      ...(acrValues !== undefined && { acrValues: acrValues.split(' ') }),
      ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
    },
  }
}
