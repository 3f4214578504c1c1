import type { OptionProblem } from '@sallyport/core'
import type { BffConfig } from '../options.ts'
import type { Frontend } from './frontend.ts'
import type { Place } from './place.ts'

/** Frontends by host, those with the longest base path first. */
export interface FrontendTable {
  /** All frontends, in the order in which they were given. */
  readonly all: readonly Frontend[]
  hasHost(host: string): boolean
  /** The frontend below whose base path the place lies, whole segments counted. */
  find(place: Place): Frontend | undefined
}

export function createFrontendTable(all: readonly Frontend[]): FrontendTable {
  const hosts = new Map<string, Frontend[]>()
  for (const frontend of all) {
    const { host } = frontend.bff.config.publicUrl
    hosts.set(host, [...(hosts.get(host) ?? []), frontend])
  }
  for (const atHost of hosts.values()) {
    atHost.sort((a, b) => b.bff.config.basePath.length - a.bff.config.basePath.length)
  }

  return {
    all,
    hasHost: (host) => hosts.has(host),
    find: ({ host, path }) =>
      hosts.get(host)?.find(({ bff }) => isBelow(path, bff.config.basePath)),
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
