import { sha256 } from '@sallyport/core'
import { type GuardContext, resolveContext } from './context.ts'
import { createTokenCache } from './token-cache.ts'
import {
  assertTarget,
  createTokenRequest,
  type RequestToken,
  type TokenClientOptions,
} from './token-request.ts'

/** What a source of tokens is made of. */
export interface TokenSourceParts {
  options: TokenClientOptions
  context: GuardContext
  /** How many tokens are held. */
  capacity: number
}

/**
 * Creates what both grants share: a token is asked for once for the same grant and target, and
 * given out until shortly before its end.
 *
 * Rejects as {@link createTokenRequest} says, and with a TypeError for a target that is none.
 */
export function createTokenSource({ options, context, capacity }: TokenSourceParts): RequestToken {
  const resolved = resolveContext(context)
  const requestToken = createTokenRequest(options, resolved)
  const cache = createTokenCache(capacity, resolved.clock)

  return async (grant, target) => {
    assertTarget(target)
    const { resource, scopes } = target
    // Hashed: a grant may hold a token, and a cache is no place for one.
    const key = sha256(JSON.stringify([grant, resource, scopes.toSorted()]))
    return cache.get(key, () => requestToken(grant, target))
  }
}
