import type { Clock } from '@sallyport/core'
import * as client from 'openid-client'
import { fapi2Algorithms } from '../options/fapi2.ts'
import type { IssuerConfig } from '../options/issuer-options.ts'
import { toPublic } from './back-channel.ts'
import { createClientAuthentication } from './client-authentication.ts'
import { attempt } from './failure.ts'
import { assertSuitable } from './issuer-demands.ts'
import type { IssuerFetch } from './issuer-fetch.ts'

const asymmetric = /^(?:RS|PS|ES)(?:256|384|512)$|^EdDSA$|^Ed25519$/
/** Seconds that the issuer's clock may be off. */
const clockTolerance = 5

/** Where an issuer publishes its metadata. */
export function wellKnown(issuer: URL): string {
  return `${issuer.href.replace(/\/$/, '')}/.well-known/openid-configuration`
}

/**
 * Loads an issuer's metadata and makes of it what the protocol library works with.
 *
 * @throws `ERR_IDP_UNSUITABLE` for an issuer that lacks what the options need.
 */
export async function discover(
  config: IssuerConfig,
  fetch: IssuerFetch,
  clock: Clock,
): Promise<client.Configuration> {
  const { issuer, clientId, issuerTimeout: timeout } = config
  const found = await attempt(() =>
    client.discovery(issuer, clientId, undefined, client.None(), {
      execute: [client.allowInsecureRequests],
      timeout,
      [client.customFetch]: fetch,
    }),
  )
  const metadata = adapt(found.serverMetadata(), config)
  assertSuitable(config, metadata)
  const provider = new client.Configuration(
    metadata,
    clientId,
    {
      [client.clockSkew]: clock() - Math.floor(Date.now() / 1000),
      [client.clockTolerance]: clockTolerance,
      use_mtls_endpoint_aliases: 'certificate' in config.clientAuthentication,
    },
    await createClientAuthentication(config.clientAuthentication, metadata),
  )
  provider.timeout = timeout
  provider[client.customFetch] = fetch
  client.enableNonRepudiationChecks(provider)
  // What is asked, `fetch` decides: http may be right for the internal URL and wrong for the other.
  client.allowInsecureRequests(provider)
  return provider
}

/** Signatures that we take from this issuer. */
export function allowedAlgorithms(
  supported: readonly string[] | undefined,
  { profile }: IssuerConfig,
): string[] {
  return (supported ?? ['RS256']).filter((name) =>
    profile === 'fapi2' ? fapi2Algorithms.includes(name) : asymmetric.test(name),
  )
}

/** The metadata as browsers must see it, without algorithms that we do not take. */
function adapt(metadata: client.ServerMetadata, config: IssuerConfig): client.ServerMetadata {
  const { authorization_endpoint: authorization, end_session_endpoint: end } = metadata
  const { id_token_signing_alg_values_supported: algorithms } = metadata
  return {
    ...metadata,
    ...(authorization && { authorization_endpoint: forBrowsers(authorization, config) }),
    ...(end && { end_session_endpoint: forBrowsers(end, config) }),
    id_token_signing_alg_values_supported: allowedAlgorithms(algorithms, config),
  }
}

/** A place for browsers is https too, unless the issuer is on this machine. */
function forBrowsers(endpoint: string, config: IssuerConfig): string {
  const url = URL.parse(endpoint)
  if (!url) return endpoint
  const place = toPublic(url, config)
  const isSafe = place.protocol === 'https:' || config.issuer.protocol === 'http:'
  // The library refuses what is no URL of the web, with the endpoint's name.
  return isSafe ? place.href : ''
}
