import { type Clock, SallyportError } from '@sallyport/core'
import type { Telemetry } from '@sallyport/telemetry'
import type { JWTVerifyGetKey } from 'jose'
import { createDpopNonces } from '../oidc/dpop-key.ts'
import { createIssuerFetch, type IssuerFetch } from '../oidc/issuer-fetch.ts'
import { createIssuerKeys } from '../oidc/issuer-keys.ts'
import { isRecord } from './json-values.ts'
import type { SignalsConfig } from './signals-options.ts'

/** What must be known of a transmitter to believe and understand its events. */
export interface Transmitter {
  readonly keys: JWTVerifyGetKey
  /** Members of a complex subject that may not be ignored. */
  readonly criticalMembers: readonly string[]
}

/** Where calls to a transmitter come from. */
export interface TransmitterParts {
  telemetry: Telemetry
  clock: Clock
  /** Seconds for one answer. */
  timeout: number
}

/**
 * Knows a transmitter, from its metadata unless the options say where its keys are.
 *
 * @returns what loads it when first needed, and again after a failure.
 * @throws `ERR_IDP_UNAVAILABLE` and `ERR_IDP_RESPONSE_INVALID` while it cannot be had.
 * @see {@link https://openid.net/specs/openid-sharedsignals-framework-1_0-final.html#section-7 Shared Signals Framework 1.0, section 7}
 */
export function createTransmitter(
  { issuer, jwksUri }: SignalsConfig,
  parts: TransmitterParts,
): () => Promise<Transmitter> {
  const known = jwksUri === undefined ? undefined : { jwksUri, criticalMembers: [] }
  let loading: Promise<Transmitter> | undefined

  async function load(): Promise<Transmitter> {
    const found = known ?? (await discover(issuer, transmitterFetch(issuer, parts)))
    const keys = createIssuerKeys(found.jwksUri, transmitterFetch(known?.jwksUri ?? issuer, parts))
    return { keys, criticalMembers: found.criticalMembers }
  }

  return () => {
    loading ??= load().catch((error) => {
      loading = undefined
      throw error
    })
    return loading
  }
}

/** `fetch` for calls to a transmitter: `http` only to the origin of the place that options name. */
export function transmitterFetch(place: string, parts: TransmitterParts): IssuerFetch {
  const { telemetry, clock, timeout } = parts
  const nonces = createDpopNonces()
  const config = { issuer: new URL(place), issuerTimeout: timeout }
  return createIssuerFetch(config, { telemetry, clock, nonces })
}

async function discover(issuer: string, fetch: IssuerFetch) {
  const response = await fetch(wellKnown(issuer), { method: 'GET', headers: {} })
  const metadata: unknown = response.status === 200 ? await response.json().catch(() => {}) : {}
  if (!isRecord(metadata) || metadata.issuer !== issuer || typeof metadata.jwks_uri !== 'string') {
    throw new SallyportError('ERR_IDP_RESPONSE_INVALID', 'this is no metadata of the transmitter')
  }
  const { jwks_uri: jwksUri, critical_subject_members: critical } = metadata
  const criticalMembers = Array.isArray(critical) ? critical.map(String) : []
  return { jwksUri, criticalMembers }
}

function wellKnown(issuer: string): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/ssf-configuration${pathname.replace(/\/$/, '')}`
}
