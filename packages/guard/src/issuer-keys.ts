import { SallyportError } from '@sallyport/core'
import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
  type LocalJWKSet,
} from 'jose'
import type { ResolvedContext } from './context.ts'
import { fetchJson } from './fetch-json.ts'
import { createIssuerMetadata } from './issuer-metadata.ts'
import { keepFresh } from './keep-fresh.ts'

/** Whose keys, and where they are. */
export interface IssuerKeysOptions {
  issuer: string
  /** @defaultValue `jwks_uri` of the issuer's metadata */
  jwksUri?: string | undefined
  /** Whole seconds for one fetch. */
  timeout: number
}

/**
 * Keys are asked for again after ten minutes, and at most every half minute for an unknown `kid`.
 * An hour without the issuer outlives what it had signed before; after that nothing is accepted.
 */
const limits = { freshFor: 600, usableFor: 3600, pause: 30, pauseAfterFailure: 5 }

/** jose's codes for a token that fits no key, or more than one: the token's fault. */
const tokenFaults = new Set(['ERR_JWKS_NO_MATCHING_KEY', 'ERR_JWKS_MULTIPLE_MATCHING_KEYS'])

/**
 * Creates the lookup of an issuer's public keys for `jwtVerify`. A key is chosen by `kid`, `alg`,
 * `kty` and `use`; header members that bring or point to a key (`jwk`, `jku`, `x5u`, `x5c`) are
 * not looked at.
 *
 * Rejects with jose's error when no key fits, or several do, and with
 * `ERR_ISSUER_KEYS_UNAVAILABLE` when that cannot be known because the issuer is not to be had.
 */
export function createIssuerKeys(
  options: IssuerKeysOptions,
  context: ResolvedContext,
): JWTVerifyGetKey {
  const locate = createLocator(options, context)
  const load = () => loadKeySet(locate, options, context)
  const keySets = keepFresh(load, limits, context.uptime)

  return async (header, jws) => {
    const keySet = await keySets.get()
    try {
      return await keySet(header, jws)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw keyError(error)
      const renewed = await keySets.renew()
      if (renewed === keySet) throw error
      return await renewed(header, jws).catch((again) => {
        throw keyError(again)
      })
    }
  }
}

function createLocator(
  options: IssuerKeysOptions,
  context: ResolvedContext,
): () => Promise<string> {
  const { jwksUri } = options
  if (jwksUri !== undefined) return async () => jwksUri
  const metadata = createIssuerMetadata(options, context)
  return async () => {
    const found = (await metadata.get()).jwksUri
    if (found === undefined) throw new Error('the issuer publishes no jwks_uri')
    return found
  }
}

async function loadKeySet(
  locate: () => Promise<string>,
  options: IssuerKeysOptions,
  context: ResolvedContext,
): Promise<LocalJWKSet> {
  try {
    const url = await locate()
    const headers = { accept: 'application/jwk-set+json, application/json' }
    const { status, body } = await fetchJson({ url, timeout: options.timeout, headers }, context)
    if (status !== 200) throw new Error(`${url} answered ${status}`)
    return createLocalJWKSet(body as JSONWebKeySet)
  } catch (cause) {
    const error = unavailable(`keys of ${options.issuer} cannot be fetched`, cause)
    context.telemetry?.log.error({ error, issuer: options.issuer }, 'Issuer keys not fetched')
    throw error
  }
}

function keyError(cause: unknown): unknown {
  if (cause instanceof errors.JOSEError && tokenFaults.has(cause.code)) return cause
  return unavailable('the issuer published a key that cannot be used', cause)
}

function unavailable(message: string, cause: unknown): SallyportError {
  return new SallyportError('ERR_ISSUER_KEYS_UNAVAILABLE', message, { cause })
}
