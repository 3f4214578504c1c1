import { SallyportError } from '@sallyport/core'
import { secureUrl } from '@sallyport/core/options'
import { z } from 'zod'
import type { ResolvedContext } from './context.ts'
import { fetchJson } from './fetch-json.ts'
import { type Fresh, keepFresh } from './keep-fresh.ts'

/** What this package uses of an issuer's metadata. */
export interface IssuerMetadata {
  issuer: string
  jwksUri?: string | undefined
  tokenEndpoint?: string | undefined
}

const limits = { freshFor: 600, usableFor: 3600, pause: 30, pauseAfterFailure: 5 }

const metadataSchema = z.object({
  issuer: z.string(),
  jwks_uri: secureUrl.optional(),
  token_endpoint: secureUrl.optional(),
})

/**
 * Creates the issuer's metadata, fetched when first asked for: OpenID Connect Discovery, else
 * RFC 8414. Metadata that names another issuer is refused.
 *
 * `get` rejects with `ERR_IDP_UNAVAILABLE`, or `ERR_IDP_RESPONSE_INVALID` for an answer that
 * cannot be used.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8414.html#section-3.3 RFC 8414, section 3.3}
 */
export function createIssuerMetadata(
  options: { issuer: string; timeout: number },
  context: ResolvedContext,
): Fresh<IssuerMetadata> {
  return keepFresh(() => discover(options, context), limits, context.uptime)
}

async function discover(
  options: { issuer: string; timeout: number },
  context: ResolvedContext,
): Promise<IssuerMetadata> {
  for (const url of metadataUrls(options.issuer)) {
    const { status, body } = await fetchMetadata({ url, timeout: options.timeout }, context)
    if (status === 404) continue
    if (status !== 200) throw unavailable(`${url} answered ${status}`)
    return parseMetadata(body, options.issuer)
  }
  throw unavailable(`${options.issuer} publishes no metadata`)
}

async function fetchMetadata(
  request: { url: string; timeout: number },
  context: ResolvedContext,
): Promise<{ status: number; body: unknown }> {
  try {
    return await fetchJson(request, context)
  } catch (cause) {
    throw unavailable(`${request.url} cannot be fetched`, cause)
  }
}

function parseMetadata(body: unknown, issuer: string): IssuerMetadata {
  const result = metadataSchema.safeParse(body)
  if (!result.success) throw invalid(`${issuer}: malformed metadata`, result.error)
  if (result.data.issuer !== issuer) throw invalid(`${issuer}: metadata of another issuer`)
  return {
    issuer,
    jwksUri: result.data.jwks_uri,
    tokenEndpoint: result.data.token_endpoint,
  }
}

function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

function unavailable(message: string, cause?: unknown): SallyportError {
  return new SallyportError('ERR_IDP_UNAVAILABLE', message, { cause })
}

function invalid(message: string, cause?: unknown): SallyportError {
  return new SallyportError('ERR_IDP_RESPONSE_INVALID', message, { cause })
}
