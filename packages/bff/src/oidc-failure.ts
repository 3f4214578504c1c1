import { type ErrorCode, SallyportError } from '@sallyport/core'
import * as client from 'openid-client'

/** Makes a call of the protocol library; its failures get one of our codes. */
export async function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toSallyportError(error)
  }
}

/** Gives a protocol library's error one of our codes; it stays as the cause, for the log. */
function toSallyportError(error: unknown): SallyportError {
  const chain = causes(error)
  const own = chain.find((cause) => cause instanceof SallyportError)
  if (own instanceof SallyportError) return own
  return new SallyportError(codeOf(error, chain), 'the issuer call failed', { cause: error })
}

function codeOf(error: unknown, chain: readonly unknown[]): ErrorCode {
  if (error instanceof client.AuthorizationResponseError) return 'ERR_LOGIN_DENIED'
  if (error instanceof client.ResponseBodyError) {
    if (error.error === 'invalid_grant') return 'ERR_LOGIN_REQUIRED'
    if (error.error === 'invalid_target' || error.error === 'invalid_scope') {
      return 'ERR_TOKEN_UNAVAILABLE'
    }
  }
  const isTimeout = chain.some(
    (cause) => cause instanceof Error && 'code' in cause && cause.code === 'OAUTH_TIMEOUT',
  )
  return isTimeout ? 'ERR_IDP_UNAVAILABLE' : 'ERR_IDP_RESPONSE_INVALID'
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = []
  for (let next = error; next instanceof Error && chain.length < 8; next = next.cause) {
    chain.push(next)
  }
  return chain
}
