import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SallyportError } from '@sallyport/core'
import type { ConfigurationSource } from '@sallyport/gateway'
import { environment } from './settings.ts'

const usualNames = ['json', 'ts', 'mts', 'mjs', 'js'].map((end) => `sallyport.config.${end}`)

/** The flag that names a configuration, for `parseArgs`. */
export const configFlag = { config: { type: 'string', short: 'c' } } as const

/**
 * Finds the configuration that the flags name (`--config`, `-c`), as {@link locateConfiguration} does.
 *
 * @throws `ERR_CONFIG_INVALID` when there is none, or more than one of the usual names.
 */
export function findConfiguration(flags: readonly string[]): ConfigurationSource {
  return locateConfiguration(parseArgs({ args: [...flags], options: configFlag }).values.config)
}

/**
 * Finds the configuration of this name, or the one of the usual names that is in the current folder. The
 * folder it is in becomes the current one: all relative paths in it start there.
 *
 * @throws `ERR_CONFIG_INVALID` when there is none, or more than one of the usual names.
 */
export function locateConfiguration(named: string | undefined): ConfigurationSource {
  const file = resolve(named ?? findUsual())
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
