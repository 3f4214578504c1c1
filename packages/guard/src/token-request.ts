import { createSecret, SallyportError, type Secret } from '@sallyport/core'
import {
  absoluteUri,
  issuerIdentifier,
  parseOptions,
  scopeToken,
  secureUrl,
  strictObject,
} from '@sallyport/core/options'
import { traceHeaders } from '@sallyport/telemetry'
import type { JWK } from 'jose'
import { z } from 'zod'
import { createAssertionSigner } from './client-assertion.ts'
import type { ResolvedContext } from './context.ts'
import { fetchJson, type JsonAnswer, timeoutSeconds } from './fetch-json.ts'
import { createIssuerMetadata } from './issuer-metadata.ts'

/** Which client asks for tokens, and where. */
export interface TokenClientOptions {
  /** The issuer, https or http on loopback; audience of the client's assertions. */
  issuer: string
  /** @defaultValue `token_endpoint` of the issuer's metadata */
  tokenEndpoint?: string
  clientId: string
  /** Private key whose public half the issuer knows (`private_key_jwt`). */
  privateKey: JWK
  /** Whole seconds to wait for the issuer's answer. @defaultValue 5 */
  timeout?: number
}

/** What a token is for. */
export interface TokenTarget {
  /** Resource identifier of the API to call (RFC 8707). */
  resource: string
  /** At least one. The issuer grants all of them or the request fails. */
  scopes: readonly string[]
}

/** A token to call an API with. */
export interface ObtainedToken {
  accessToken: Secret
  /** Seconds since 1970. */
  expiresAt: number
}

/** Sends one token request: the parameters of a grant, completed by target and client proof. */
export type RequestToken = (
  grant: Readonly<Record<string, string>>,
  target: TokenTarget,
) => Promise<ObtainedToken>

const optionsSchema = strictObject({
  issuer: issuerIdentifier,
  tokenEndpoint: secureUrl.optional(),
  clientId: z.string().min(1),
  privateKey: z.looseObject({ kty: z.string() }),
  timeout: timeoutSeconds,
})

const targetSchema = strictObject({
  resource: absoluteUri,
  scopes: z.array(scopeToken).min(1),
})

const day = 86_400

const answerSchema = z.object({
  access_token: z.string().regex(/^[\x21-\x7E]+$/),
  token_type: z.string().regex(/^bearer$/i),
  issued_token_type: z.string().optional(),
  expires_in: z.int().min(1).max(day),
  scope: z.string().optional(),
})

const errorSchema = z.object({ error: z.string().regex(/^[a-z_]{1,64}$/) })

/** Type of the tokens asked for and given (RFC 8693 section 3). */
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/**
 * Creates the sender of token requests of one client.
 *
 * It rejects with `ERR_IDP_UNAVAILABLE` when trying again may help (no answer, 5xx, 429),
 * `ERR_TOKEN_INVALID` when it does not accept the subject token of an exchange (any more), and `ERR_TOKEN_EXCHANGE_FAILED` for any other refusal or a malformed answer.
 *
 * @throws `ERR_CONFIG_INVALID` for options that cannot be used.
 */
export function createTokenRequest(
  options: TokenClientOptions,
  context: ResolvedContext,
): RequestToken {
  const parsed = parseOptions(optionsSchema, options, 'tokenClient')
  const signAssertion = createAssertionSigner({ ...parsed, privateKey: options.privateKey })
  const locate = createLocator(parsed, context)

  return async (grant, target) => {
    const url = await locate()
    const form = new URLSearchParams({
      ...grant,
      resource: target.resource,
      scope: target.scopes.join(' '),
      client_id: parsed.clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await signAssertion(context.clock()),
    })
    const askedAt = context.clock()
    const send = () => sendForm({ url, form, timeout: parsed.timeout }, context)
    const answer = await (context.telemetry?.call('POST token endpoint', send) ?? send())
    return readAnswer(answer, { target, askedAt, exchange: 'subject_token' in grant })
  }
}

/**
 * Holds a target against its shape.
 *
 * @throws TypeError when it is none.
 */
export function assertTarget(target: TokenTarget): void {
  const result = targetSchema.safeParse(target)
  if (!result.success) throw new TypeError(`not a target: ${z.prettifyError(result.error)}`)
}

function createLocator(
  options: { issuer: string; tokenEndpoint?: string | undefined; timeout: number },
  context: ResolvedContext,
): () => Promise<string> {
  const { tokenEndpoint } = options
  if (tokenEndpoint !== undefined) return async () => tokenEndpoint
  const metadata = createIssuerMetadata(options, context)
  return async () => {
    const found = (await metadata.get()).tokenEndpoint
    if (found === undefined) throw failed('the issuer publishes no token_endpoint')
    return found
  }
}

async function sendForm(
  request: { url: string; form: URLSearchParams; timeout: number },
  context: ResolvedContext,
): Promise<JsonAnswer> {
  try {
    return await fetchJson({ ...request, headers: traceHeaders() }, context)
  } catch (cause) {
    throw new SallyportError('ERR_IDP_UNAVAILABLE', 'no answer from the token endpoint', { cause })
  }
}

interface Asked {
  target: TokenTarget
  askedAt: number
  exchange: boolean
}

function readAnswer({ status, body }: JsonAnswer, asked: Asked): ObtainedToken {
  if (status !== 200) throw refusalOf({ status, body }, asked.exchange)
  const answer = answerSchema.safeParse(body)
  if (!answer.success) throw failed('malformed answer of the token endpoint', answer.error)
  const { access_token, issued_token_type, expires_in, scope } = answer.data
  if (asked.exchange && issued_token_type !== accessTokenType) {
    throw failed('the issuer issued another type of token')
  }
  if (scope !== undefined && !sameScopes(scope.split(' '), asked.target.scopes)) {
    throw failed('the issuer granted other scopes than were asked for')
  }
  return { accessToken: createSecret(access_token), expiresAt: asked.askedAt + expires_in }
}

function refusalOf({ status, body }: JsonAnswer, exchange: boolean): SallyportError {
  if (status >= 500 || status === 429) {
    return new SallyportError('ERR_IDP_UNAVAILABLE', `the token endpoint answered ${status}`)
  }
  const parsed = errorSchema.safeParse(body)
  const error = parsed.success ? parsed.data.error : 'no error code'
  const message = `the token endpoint answered ${status}, ${error}`
  // RFC 8693 section 2.2.2 has invalid_request for a bad subject token; many say invalid_grant.
  const ofSubject = exchange && (error === 'invalid_request' || error === 'invalid_grant')
  return ofSubject ? new SallyportError('ERR_TOKEN_INVALID', message) : failed(message)
}

function sameScopes(granted: readonly string[], asked: readonly string[]): boolean {
  const inOrder = (scopes: readonly string[]) => [...new Set(scopes)].sort().join(' ')
  return inOrder(granted) === inOrder(asked)
}

function failed(message: string, cause?: unknown): SallyportError {
  return new SallyportError('ERR_TOKEN_EXCHANGE_FAILED', message, { cause })
}
