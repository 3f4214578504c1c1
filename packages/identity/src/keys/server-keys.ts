import { hkdfSync } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createSealer,
  createSecret,
  randomToken,
  SallyportError,
  type Sealer,
  sha256,
} from '@sallyport/core'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { Expiring, Storage } from '../storage/environment.ts'

/** What this server signs and seals with. The same after each restart. */
export interface ServerKeys {
  /** The private ES256 key of ID tokens, access tokens and logout tokens. */
  readonly signingKey: JWK & { kid: string }
  /** Signs cookies. Newest first. */
  readonly cookieKeys: readonly string[]
  /** Makes the anti-forgery values of the forms. */
  readonly formKey: string
  /** Makes the nonces of DPoP: 32 bytes, the same in every process on the folder. */
  readonly dpopNonceSecret: Buffer
  /** Seals what the provider stores. */
  readonly artifactSealer: Sealer
}

interface KeyRow extends Expiring {
  sealed: string
}

interface KeyMaterial {
  signingKey: JWK & { kid: string }
  cookieKeys: string[]
  formKey: string
}

const sealKeyFile = 'identity.key'
const row = 'keys'

/**
 * Loads the keys, or makes them at the first start. They are kept in the database, sealed with a
 * key of their own file beside it (mode 0600), so that a copy of the database alone signs nothing.
 *
 * @throws `ERR_CONFIG_INVALID` when stored keys cannot be opened: new ones are never made silently.
 */
export async function loadServerKeys(storage: Storage, dataDir: string): Promise<ServerKeys> {
  const sealKeys = [{ kid: '1', key: createSecret(loadSealKey(storage, dataDir)) }]
  const sealer = createSealer(sealKeys, 'identity-keys')
  if (!storage.get(row)) {
    const made = { sealed: sealer.seal(JSON.stringify(await makeKeys()), row) }
    // Two processes may start at once: the first one's keys are everybody's.
    await storage.transact((write) => {
      if (!storage.get(row)) write.put<KeyRow>(row, made)
    })
  }
  const opened = sealer.open(storage.get<KeyRow>(row)?.sealed ?? '', row)
  if (opened === undefined) throw unusable(`${sealKeyFile} does not open the stored keys`)
  const material = JSON.parse(opened) as KeyMaterial
  await assertOwnKey(material.signingKey)
  return Object.freeze({
    ...material,
    dpopNonceSecret: Buffer.from(hkdfSync('sha256', material.formKey, '', 'dpop-nonce', 32)),
    artifactSealer: createSealer(sealKeys, 'identity-artifacts'),
  })
}

function loadSealKey(storage: Storage, dataDir: string): string {
  const path = join(dataDir, sealKeyFile)
  if (!existsSync(path)) {
    if (storage.get(row)) throw unusable(`${sealKeyFile} is missing beside the database`)
    // "wx": when two processes start at once, one writes and both read.
    try {
      writeFileSync(path, randomToken(), { mode: 0o600, flag: 'wx' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  return readFileSync(path, 'utf8').trim()
}

async function makeKeys(): Promise<KeyMaterial> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint(jwk)
  return {
    signingKey: { ...jwk, kid, alg: 'ES256', use: 'sig' },
    cookieKeys: [randomToken()],
    formKey: randomToken(),
  }
}

async function assertOwnKey(jwk: JWK): Promise<void> {
  const isPrivateEs256 = jwk.kty === 'EC' && jwk.crv === 'P-256' && typeof jwk.d === 'string'
  // The library's development keys are published: their kid is not the key's thumbprint.
  if (!isPrivateEs256 || jwk.kid !== (await calculateJwkThumbprint(jwk))) {
    throw unusable('the signing key is not one this server made')
  }
}

function unusable(problem: string): SallyportError {
  return new SallyportError('ERR_CONFIG_INVALID', `identity server keys: ${problem}`)
}

/** The anti-forgery value of one form, bound to what the form is about. */
export function formToken(keys: ServerKeys, about: string): string {
  return sha256(`${keys.formKey}\n${about}`)
}
