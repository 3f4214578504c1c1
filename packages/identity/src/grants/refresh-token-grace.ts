import { Provider, type RefreshToken } from 'oidc-provider'
import type { ArtifactStore } from '../storage/adapter.ts'

/** What the library's types leave out. */
interface TokenIds {
  generateTokenId(): string
}

/**
 * Makes rotation idempotent for as long as the grace is: who redeems a refresh token once more gets
 * the successor that was chosen first, not one of its own. So tabs that refresh at once, or a
 * client that lost an answer, end up with one refresh token.
 *
 * The library makes a successor right after it consumed the old token, in the same request: the
 * request's context is what joins the two.
 */
export function shareSuccessors(provider: Provider, artifacts: ArtifactStore): void {
  const successors = new WeakMap<RefreshToken, string>()
  const prototype: RefreshToken & TokenIds = provider.RefreshToken.prototype as never
  const { generateTokenId } = prototype
  Object.assign(prototype, {
    async consume(this: RefreshToken) {
      successors.set(this, await artifacts.rotateRefreshToken(this.jti))
      this.emit('consumed')
    },
    generateTokenId(this: RefreshToken) {
      const rotated = Provider.ctx?.oidc.entities.RotatedRefreshToken
      return (rotated && successors.get(rotated)) ?? generateTokenId.call(this)
    },
  })
}
