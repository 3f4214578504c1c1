import { createGuard, type Guard } from '../guard.ts'
import { audience, type LoopbackIssuer, startIssuer } from './loopback-issuer.ts'

/** The verdict on a token that is refused as it should be: 401, and no word on why. */
export const refused = `401 ERR_TOKEN_INVALID Bearer realm="${audience}", error="invalid_token"`

/** An issuer and the guard of an API that trusts it. */
export interface GuardedIssuer {
  issuer: LoopbackIssuer
  guard: Guard
  /** `allowed`, or status, code and challenge of the refusal. */
  verdict(accessToken: string): Promise<string>
  /** The claims the API would see, `undefined` for a token that is refused. */
  claimsOf(accessToken: string): Promise<Record<string, unknown> | undefined>
  close(): Promise<void>
}

/** Starts both. The guarded route needs the scope `inventory.read`. */
export async function startGuardedIssuer(): Promise<GuardedIssuer> {
  const issuer = await startIssuer()
  const guard = createGuard({ issuer: issuer.issuer, audience })
  const judge = (accessToken: string) => {
    const headers = { authorization: `Bearer ${accessToken}` }
    return guard.authorize({ headers }, { scopes: ['inventory.read'] })
  }
  return {
    issuer,
    guard,
    async verdict(accessToken) {
      const answer = await judge(accessToken)
      if (answer.allowed) return 'allowed'
      return `${answer.status} ${answer.problem.code} ${answer.headers['www-authenticate']}`
    },
    async claimsOf(accessToken) {
      const answer = await judge(accessToken)
      return answer.allowed ? answer.claims : undefined
    },
    close: () => issuer.close(),
  }
}
