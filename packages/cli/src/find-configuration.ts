import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SallyportError } from '@sallyport/core'
import type { ConfigurationSource } from '@sallyport/gateway'
import { environment } from './settings.ts'

const usualNames = ['json', 'ts', 'mts', 'mjs', 'js'].map((end) => `sallyport.config.${end}`)

/**
 * Finds the configuration that the flags name (`--config`, `-c`), or the one of the usual names that is in
 * the current folder. The folder it is in becomes the current one: all relative paths in it start
 * there.
 *
 * @throws `ERR_CONFIG_INVALID` when there is none, or more than one of the usual names.
 */
export function findConfiguration(flags: readonly string[]): ConfigurationSource {
  const options = { config: { type: 'string', short: 'c' } } as const
  const { values } = parseArgs({ args: [...flags], options })
  const file = resolve(values.config ?? findUsual())
  if (!existsSync(file)) throw invalid(`${file} does not exist`)
  process.chdir(dirname(file))
  return { file, environment }
}

function findUsual(): string {
  const [found, other] = usualNames.filter((name) => existsSync(name))
  if (!found) throw invalid(`no ${usualNames[0]} in ${process.cwd()}: name it with --config`)
  if (other) throw invalid(`${found} and ${other} are both there: name one with --config`)
  return found
}

function invalid(message: string): SallyportError {
  return new SallyportError('ERR_CONFIG_INVALID', message)
}
