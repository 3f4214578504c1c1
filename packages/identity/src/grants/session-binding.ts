import type { AccessToken, AuthorizationCode, Provider, RefreshToken } from 'oidc-provider'

type Bound = AccessToken | AuthorizationCode | RefreshToken

interface FindOptions {
  ignoreExpiration?: boolean
  ignoreSessionBinding?: boolean
}

interface Findable {
  find(value: string, options?: FindOptions): Promise<Bound | undefined>
}

/**
 * Lets codes and tokens that end with their session be found while the session they came from is
 * there: the same person's, at the same client under the same `sid`. The library compares grants
 * instead, of which it knows one a session and client: each sign-in would end the one before.
 */
export function bindTokensToSessions(provider: Provider): void {
  const models = [provider.AuthorizationCode, provider.AccessToken, provider.RefreshToken]
  for (const model of models as Findable[]) {
    const find = model.find.bind(model)
    model.find = async (value, options = {}) => {
      const token = await find(value, { ...options, ignoreSessionBinding: true })
      if (!token?.expiresWithSession || options.ignoreSessionBinding) return token
      return (await isOfLiveSession(provider, token)) ? token : undefined
    }
  }
}

async function isOfLiveSession(provider: Provider, token: Bound): Promise<boolean> {
  if (!token.sessionUid || !token.clientId || !token.sid) return false
  const session = await provider.Session.findByUid(token.sessionUid)
  return session?.accountId === token.accountId && session?.sidFor(token.clientId) === token.sid
}
