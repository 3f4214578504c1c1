import type { OptionProblem } from '@sallyport/core'
import type { BearerConfig } from './caller-options.ts'
import type { NativeAppConfig } from './native-options.ts'
import type { ProofConfig } from './proof-options.ts'
import type { RouteConfig } from './route-options.ts'

/** What decides whether callers go together with everything else. */
interface Callers {
  readonly routes: readonly RouteConfig[]
  readonly bearer?: BearerConfig | undefined
  readonly nativeApps: readonly NativeAppConfig[]
  readonly callerProofs: ProofConfig
  readonly profile?: 'fapi2' | undefined
}

/** What of the routes' callers does not go together with the other options. */
export function callerProblems(callers: Callers): OptionProblem[] {
  const { routes, bearer, nativeApps, callerProofs, profile } = callers
  const problems = routes.flatMap((route, i) =>
    routeProblems(route, { bearer, nativeApps }).map(([name, message]) => ({
      ...{ path: ['routes', i, name], message },
    })),
  )
  if (profile === 'fapi2' && bearer?.dpop === 'accepted') {
    problems.push({ path: ['bearer', 'dpop'], message: 'fapi2: must be required' })
  }
  if (callerProofs.nonce === 'required' && !bearer && nativeApps.length === 0) {
    problems.push({
      ...{ path: ['callerProofs', 'nonce'], message: 'needs the option bearer or nativeApps' },
    })
  }
  return problems
}

function routeProblems(
  { callers, callerScopes, token, resource, audience }: RouteConfig,
  { bearer, nativeApps }: Pick<Callers, 'bearer' | 'nativeApps'>,
): [name: string, message: string][] {
  const problems: [string, string][] = []
  const [isBearer, isNative] = [callers.includes('bearer'), callers.includes('native')]
  const takesUsers = token !== 'none' && token !== 'client'
  if ((isBearer || isNative) && !takesUsers) {
    problems.push(['callers', `bearer and native are a user's, and token is "${token}"`])
  }
  if (isBearer && !bearer) problems.push(['callers', 'bearer needs the option bearer'])
  if (isNative && nativeApps.length === 0) {
    problems.push(['callers', 'native needs the option nativeApps'])
  }
  if (isBearer && !resource && !audience) {
    problems.push(['callers', 'bearer needs a resource or an audience to exchange tokens for'])
  }
  if (isBearer !== (callerScopes !== undefined)) {
    problems.push([
      'callerScopes',
      'belongs to the caller bearer, and both or neither must be there',
    ])
  }
  return problems
}
