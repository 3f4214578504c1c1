import { errorCode, type OptionProblem, type SallyportError } from '@sallyport/core'
import { optionsError, parseOptions } from '@sallyport/core/options'
import { parseConfig } from '../config.ts'
import type { BffConfig, BffOptions } from '../options.ts'
import { tableProblems } from './frontend-table.ts'
import { type FrontendsOptions, frontendsSchema, type TenantsConfig } from './options.ts'

/** {@link FrontendsOptions}, complete. */
export interface FrontendsConfig {
  readonly frontends: readonly BffConfig[]
  readonly tenants?: TenantsConfig | undefined
}

/**
 * Checks the options of all frontends, each alone and beside the others. Nothing is made of them:
 * no issuer is asked, and no store is needed.
 *
 * @throws `ERR_CONFIG_INVALID`, naming the problems of all frontends.
 */
export function checkFrontends(options: FrontendsOptions): FrontendsConfig {
  const { frontends, tenants } = parseOptions(frontendsSchema, options, 'frontends')
  const problems: OptionProblem[] = []
  const configs = frontends.map((one, i) => parseOne(one, ['frontends', i], problems))
  problems.push(...tableProblems(configs))
  if (problems.length > 0) throw optionsError('frontends options', problems)
  return { frontends: configs as BffConfig[], tenants }
}

function parseOne(
  options: BffOptions,
  place: OptionProblem['path'],
  problems: OptionProblem[],
): BffConfig | undefined {
  try {
    return parseConfig(options)
  } catch (error) {
    if (errorCode(error) !== 'ERR_CONFIG_INVALID') throw error
    for (const { path, message } of (error as SallyportError).problems) {
      problems.push({ path: [...place, ...path], message })
    }
    return undefined
  }
}
