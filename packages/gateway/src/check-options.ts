import { type BffOptions, checkFrontends, createClientAddress } from '@sallyport/bff'
import { errorCode, type OptionProblem, type SallyportError } from '@sallyport/core'
import { optionsError } from '@sallyport/core/options'
import {
  type FrontendsGatewayOptions,
  type GatewayConfig,
  type GatewayOptions,
  parseGatewayOptions,
} from './options.ts'
import { createWebPages } from './web-pages.ts'

/**
 * Checks all that can be known before anything is opened: the options, those of each frontend, and
 * that the folders of pages have one. No store, no issuer and no API is asked.
 *
 * @throws `ERR_CONFIG_INVALID`, whose `problems` have the paths that stand in the options.
 */
export function checkGatewayOptions(
  options: GatewayOptions | FrontendsGatewayOptions,
): GatewayConfig {
  const { isOne, bffs } = readFrontends(options)
  const toPlace = (path: OptionProblem['path']) =>
    isOne ? toPlaceOfOne(path) : toPlaceOfMany(path)
  let config: GatewayConfig | undefined
  const own = problemsOf(() => {
    config = parseGatewayOptions(options)
  })
  const theirs = [
    ...problemsOf(() => bffs && checkFrontends({ frontends: bffs })),
    ...problemsOf(() => config && checkTenants(config)),
    ...problemsOf(() => config && createClientAddress(config.trustedProxies)),
    ...problemsOf(() => config && createWebPages(config)),
  ]
  const problems = [
    ...own,
    ...theirs.map(({ path, message }) => ({ path: toPlace(path), message })),
  ]
  if (config && problems.length === 0) return config
  throw optionsError('gateway options', problems)
}

/** The options of frontends as they were written, if that is what they look like. */
function readFrontends(options: unknown): { isOne: boolean; bffs: BffOptions[] | undefined } {
  const { bff, frontends } = Object(options) as { bff?: unknown; frontends?: unknown }
  const isOne = bff !== undefined
  const written = isOne
    ? [bff]
    : Array.isArray(frontends) && frontends.map((one) => Object(one).bff)
  const isReadable = written && written.length > 0 && written.every(isObject)
  return { isOne, bffs: isReadable ? (written as BffOptions[]) : undefined }
}

function checkTenants({ tenants }: GatewayConfig): void {
  if (tenants) checkFrontends({ tenants })
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

/** `frontends[0].issuer` of the one frontend is `bff.issuer`. */
function toPlaceOfOne(path: OptionProblem['path']): OptionProblem['path'] {
  if (path[0] !== 'frontends') return path
  return path[2] === 'webFolder' ? path.slice(2) : ['bff', ...path.slice(2)]
}

/** `frontends[0].issuer` is `frontends[0].bff.issuer`. */
function toPlaceOfMany(path: OptionProblem['path']): OptionProblem['path'] {
  if (path[0] !== 'frontends' || path[2] === 'webFolder') return path
  return [...path.slice(0, 2), 'bff', ...path.slice(2)]
}

function problemsOf(check: () => unknown): readonly OptionProblem[] {
  try {
    check()
    return []
  } catch (error) {
    if (errorCode(error) !== 'ERR_CONFIG_INVALID') throw error
    return (error as SallyportError).problems
  }
}
