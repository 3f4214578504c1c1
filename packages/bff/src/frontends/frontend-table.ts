import { type OptionProblem, SallyportError } from '@sallyport/core'
import type { BffConfig } from '../options.ts'
import type { Place } from './place.ts'

/** Frontends by host, those with the longest base path first. */
export interface FrontendTable<One> {
  /** All frontends, in the order in which they were given. */
  readonly all: readonly One[]
  /** The frontend below whose base path the place lies, if there is one. */
  at(place: Place): One | undefined
  /**
   * The frontend below whose base path the place lies, whole segments counted; `undefined` when none
   * has the host.
   *
   * @throws `ERR_ROUTE_NOT_FOUND` for a path below no base path of that host.
   */
  find(place: Place): One | undefined
}

export function createFrontendTable<One>(
  all: readonly One[],
  configOf: (one: One) => BffConfig,
): FrontendTable<One> {
  const hosts = new Map<string, One[]>()
  for (const frontend of all) {
    const { host } = configOf(frontend).publicUrl
    hosts.set(host, [...(hosts.get(host) ?? []), frontend])
  }
  for (const atHost of hosts.values()) {
    atHost.sort((a, b) => configOf(b).basePath.length - configOf(a).basePath.length)
  }

  const at = ({ host, path }: Place) =>
    hosts.get(host)?.find((one) => isBelow(path, configOf(one).basePath))

  return {
    all,
    at,

    find(place) {
      const found = at(place)
      if (found || !hosts.has(place.host)) return found
      throw new SallyportError('ERR_ROUTE_NOT_FOUND', 'the path is below no base path')
    },
  }
}

/** Why frontends cannot stand beside each other. */
export function tableProblems(configs: readonly (BffConfig | undefined)[]): OptionProblem[] {
  const problems: OptionProblem[] = []
  for (const [i, config] of configs.entries()) {
    for (const [j, other] of configs.slice(0, i).entries()) {
      const problem = config && other && pairProblem(config, other)
      if (!problem) continue
      const path = ['frontends', i, 'publicUrl']
      problems.push({ path, message: `${problem} frontends[${j}]` })
    }
  }
  return problems
}

function pairProblem(a: BffConfig, b: BffConfig): string | undefined {
  if (a.publicUrl.host !== b.publicUrl.host) return undefined
  if (a.publicUrl.protocol !== b.publicUrl.protocol) return 'has another scheme than that of'
  if (a.basePath === b.basePath) return 'is that of'
  const isInside =
    isBelow(a.basePath, `${b.basePath}/bff`) || isBelow(b.basePath, `${a.basePath}/bff`)
  return isInside ? 'collides with the endpoints below /bff of' : undefined
}

function isBelow(path: string, base: string): boolean {
  return path === base || path.startsWith(`${base}/`)
}
