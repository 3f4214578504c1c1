import type { EpochSeconds } from '@sallyport/core'
import type { TokenGrant } from '../oidc/token-grant.ts'
import type { SessionContent } from '../sessions/session.ts'

/** A token that must not be good for anything any more. */
export interface RevocableToken {
  readonly kind: 'access_token' | 'refresh_token'
  readonly value: string
  /** From then on it is worth nothing anyway. */
  readonly expiresAt: EpochSeconds
}

/** Seconds for which a refresh token whose end nobody knows is worth revoking. */
const longestRefresh = 7 * 86_400

/** The tokens of a session; first the refresh token, with which many issuers end all the others. */
export function tokensOf(content: SessionContent, now: EpochSeconds): RevocableToken[] {
  const { refreshToken, refreshExpiresAt = now + longestRefresh } = content
  return [
    ...toRefreshToken(refreshToken, refreshExpiresAt),
    ...Object.values(content.accessTokens).map(
      ({ accessToken: value, expiresAt }): RevocableToken => ({
        ...{ kind: 'access_token', value, expiresAt },
      }),
    ),
  ].filter(({ expiresAt }) => expiresAt > now)
}

/** The tokens of a grant that came too late for its session. */
export function tokensOfGrant(grant: TokenGrant, now: EpochSeconds): RevocableToken[] {
  const { accessToken: value, expiresIn, refreshToken, refreshExpiresIn = longestRefresh } = grant
  return [
    ...toRefreshToken(refreshToken, now + refreshExpiresIn),
    { kind: 'access_token', value, expiresAt: now + expiresIn },
  ]
}

function toRefreshToken(value: string | undefined, expiresAt: EpochSeconds): RevocableToken[] {
  return value === undefined ? [] : [{ kind: 'refresh_token', value, expiresAt }]
}
