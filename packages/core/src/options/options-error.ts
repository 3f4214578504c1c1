import * as z from 'zod'
import { type OptionProblem, SallyportError } from '../errors.ts'

/**
 * An `ERR_CONFIG_INVALID` whose message lists all problems, one a line, each with its path.
 *
 * @param title whose options they are; stands in the first line
 */
export function optionsError(title: string, problems: readonly OptionProblem[]): SallyportError {
  const lines = problems.map(
    ({ path, message }) => `\n  ${z.core.toDotPath(path) || 'options'}: ${message}`,
  )
  return new SallyportError('ERR_CONFIG_INVALID', `${title}:${lines.join('')}`, { problems })
}
