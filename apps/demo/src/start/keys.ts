import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { randomToken, SallyportError } from '@sallyport/core'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { DemoKeyFiles } from '../settings.ts'

const sealKeyBytes = 32

/**
 * Makes the demo's keys where they are missing; those that are there stay.
 *
 * @throws `ERR_CONFIG_INVALID` for a file that is there and is no key.
 */
export async function ensureKeys(files: DemoKeyFiles): Promise<void> {
  await ensureClientKey(files.bff, files.bffPublic)
  await ensureClientKey(files.ordersApi, files.ordersApiPublic)
  await writeOnce(files.seal, `${randomBytes(sealKeyBytes).toString('base64url')}\n`)
  const seal = (await readFile(files.seal, 'utf8')).trim()
  if (Buffer.from(seal, 'base64url').length < sealKeyBytes) throw notAKey(files.seal)
}

async function ensureClientKey(privateFile: string, publicFile: string): Promise<void> {
  const existing = await readText(privateFile)
  if (existing === undefined) await writeOnce(privateFile, toText(await createPrivateJwk()))
  // Read back, not remembered: of two starters at once, the first to write has made the key.
  const publicJwk = toPublicJwk(privateFile, await readFile(privateFile, 'utf8'))
  await writeOnce(publicFile, toText(publicJwk))
  const published = await readFile(publicFile, 'utf8')
  if (!isSameKey(published, publicJwk)) throw notAKey(publicFile)
}

async function createPrivateJwk(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' }
}

function toPublicJwk(file: string, text: string): JWK {
  const jwk = parseJwk(text)
  if (jwk?.kty !== 'EC' || jwk.crv !== 'P-256' || !jwk.kid || !jwk.d) throw notAKey(file)
  const { d: _, ...publicJwk } = jwk
  return publicJwk
}

function isSameKey(text: string, expected: JWK): boolean {
  const jwk = parseJwk(text)
  return jwk?.kid === expected.kid && jwk?.x === expected.x && jwk?.y === expected.y && !jwk?.d
}

function parseJwk(text: string): JWK | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as JWK) : undefined
  } catch {
    return undefined
  }
}

function toText(jwk: JWK): string {
  return `${JSON.stringify(jwk, undefined, 2)}\n`
}

/** Writes a whole file or none, and never over another: a link fails where the name is taken. */
async function writeOnce(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomToken()}`
  const handle = await open(draft, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await link(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await handle.close()
    await rm(draft)
  }
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function notAKey(file: string): SallyportError {
  return new SallyportError(
    'ERR_CONFIG_INVALID',
    `${file} is not the key the demo made: delete the folder ${dirname(file)}, and new keys are made.`,
  )
}
