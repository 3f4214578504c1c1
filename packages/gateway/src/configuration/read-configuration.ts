import { dirname, extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { errorCode, randomToken, SallyportError } from '@sallyport/core'
import { optionsError } from '@sallyport/core/options'
import { checkGatewayOptions } from '../check-options.ts'
import type { FrontendsGatewayOptions, GatewayConfig, GatewayOptions } from '../options.ts'
import { fingerprintOf } from './fingerprint.ts'
import { parseJson } from './parse-json.ts'
import { assertOnlyOwnersWrite, type Reading, readText } from './read-text.ts'
import { resolveReferences } from './references.ts'

/** Where a configuration is. */
export interface ConfigurationSource {
  /**
   * Absolute path: `.json`, in which `$file` and `$env` stand for what is elsewhere, or `.ts`, `.mts`,
   * `.mjs` or `.js`, a module that exports the options as its default.
   */
  readonly file: string
  /** What `$env` reads. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** A configuration that fits. */
export interface Configuration {
  readonly options: GatewayOptions | FrontendsGatewayOptions
  readonly config: GatewayConfig
}

/**
 * Reads a configuration file and checks it, as far as that can be done without opening anything.
 *
 * @param reading gets the files that were read, also when they do not fit
 * @throws `ERR_CONFIG_INVALID`, naming the file and every problem by its path.
 */
export async function readConfiguration(
  source: ConfigurationSource,
  reading: Reading = { seen: new Map(), warnings: new Set() },
): Promise<Configuration> {
  const { file } = source
  const options = await (extname(file) === '.json' ? readJson : readModule)(source, reading)
  try {
    return { options, config: checkGatewayOptions(options) }
  } catch (error) {
    if (errorCode(error) !== 'ERR_CONFIG_INVALID') throw error
    throw optionsError(file, (error as SallyportError).problems)
  }
}

async function readJson(
  { file, environment }: ConfigurationSource,
  reading: Reading,
): Promise<GatewayOptions> {
  const text = await readText(file, reading)
  let written: unknown
  try {
    written = parseJson(text)
  } catch (error) {
    throw invalid(`${file} ${(error as SyntaxError).message}`)
  }
  const source = { folder: dirname(file), environment, reading }
  const { value, problems } = await resolveReferences(withoutSchema(written), source)
  if (problems.length > 0) throw optionsError(file, problems)
  // What it is, the check finds out.
  return value as GatewayOptions
}

/** `$schema` is for editors. */
function withoutSchema(written: unknown): unknown {
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return written
  const { $schema, ...options } = written as { $schema?: unknown }
  return typeof $schema === 'string' ? options : written
}

const moduleExtensions = ['.ts', '.mts', '.mjs', '.js']

/** What the module itself imports is loaded once; only a restart reads that again. */
async function readModule(
  { file }: ConfigurationSource,
  { seen }: Reading,
): Promise<GatewayOptions> {
  if (!moduleExtensions.includes(extname(file))) {
    throw invalid(`${file} must end in .json, ${moduleExtensions.join(', ')}`)
  }
  seen.set(file, await fingerprintOf(file))
  let exported: { default?: unknown }
  try {
    await assertOnlyOwnersWrite(file)
    // Under one URL a module is loaded once, and what it reads by itself may have changed as well.
    exported = await import(`${pathToFileURL(file)}?${randomToken()}`)
  } catch (cause) {
    if (cause instanceof SallyportError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SallyportError('ERR_CONFIG_INVALID', `${file} cannot be loaded: ${reason}`, { cause })
  }
  if (typeof exported.default === 'object' && exported.default) {
    return exported.default as GatewayOptions
  }
  throw invalid(`${file} must export the options as its default`)
}

function invalid(message: string): SallyportError {
  return new SallyportError('ERR_CONFIG_INVALID', message)
}
