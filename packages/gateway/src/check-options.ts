import { checkFrontends } from '@sallyport/bff'
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
  const config = parseGatewayOptions(options)
  const isOne = 'bff' in options && options.bff !== undefined
  const toPlace = (path: OptionProblem['path']) =>
    isOne ? toPlaceOfOne(path) : toPlaceOfMany(path)
  const problems = [
    ...problemsOf(() => {
      checkFrontends({ frontends: config.frontends.map(({ bff }) => bff), tenants: config.tenants })
    }),
    ...problemsOf(() => createWebPages(config)),
  ]
  if (problems.length === 0) return config
  throw optionsError(
    'gateway options',
    problems.map(({ path, message }) => ({ path: toPlace(path), message })),
  )
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

function problemsOf(check: () => void): readonly OptionProblem[] {
  try {
    check()
    return []
  } catch (error) {
    if (errorCode(error) !== 'ERR_CONFIG_INVALID') throw error
    return (error as SallyportError).problems
  }
}
