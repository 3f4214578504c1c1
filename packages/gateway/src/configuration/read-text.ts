import { readFile, stat } from 'node:fs/promises'
import { SallyportError } from '@sallyport/core'
import { fingerprintOf } from './fingerprint.ts'

/** What becomes known while files are read. */
export interface Reading {
  /** Absolute path and fingerprint of each file, also of those that cannot be read. */
  readonly seen: Map<string, string>
  /** What works and should not stay as it is, one sentence each. */
  readonly warnings: Set<string>
}

const writableByAll = 0o002
const readableByAll = 0o004

/** Mistakes of files, each with what to do. */
const mistakes: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist: create it, or correct the path',
  ENOTDIR: 'does not exist: create it, or correct the path',
  EACCES: 'cannot be read by this user: give it the right to, or run as its owner',
  EISDIR: 'is a folder: name a file',
}

/**
 * Reads a file of UTF-8 text. One that anybody may write is refused: who writes it could choose the
 * keys.
 *
 * @throws `ERR_CONFIG_INVALID` with the path and what to do.
 */
export async function readText(path: string, { seen }: Reading): Promise<string> {
  seen.set(path, await fingerprintOf(path))
  try {
    await assertOnlyOwnersWrite(path)
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (cause) {
    if (cause instanceof SallyportError) throw cause
    const { code = '' } = cause as NodeJS.ErrnoException
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw invalid(`${path} is not UTF-8 text: write keys in base64url`)
    }
    throw invalid(`${path} ${mistakes[code] ?? `cannot be read (${code})`}`)
  }
}

/** {@link readText} for a secret, without the newline that editors leave at its end. */
export async function readSecret(path: string, reading: Reading): Promise<string> {
  const text = (await readText(path, reading)).replace(/\r?\n$/, '')
  if (text === '') throw invalid(`${path} is empty`)
  if (await hasMode(path, readableByAll)) {
    reading.warnings.add(`everybody on this machine may read ${path}: chmod o-r, or mode 0400`)
  }
  return text
}

/** @throws `ERR_CONFIG_INVALID` when anybody may write the file. */
export async function assertOnlyOwnersWrite(path: string): Promise<void> {
  if (await hasMode(path, writableByAll)) {
    throw invalid(`${path} may be written by everybody on this machine: chmod o-w`)
  }
}

async function hasMode(path: string, bits: number): Promise<boolean> {
  // There the bits are made up.
  if (process.platform === 'win32') return false
  return ((await stat(path)).mode & bits) !== 0
}

function invalid(message: string): SallyportError {
  return new SallyportError('ERR_CONFIG_INVALID', message)
}
