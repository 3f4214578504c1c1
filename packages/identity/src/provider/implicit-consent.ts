import type { Clock } from '@sallyport/core'
import type { Grant, KoaContextWithOIDC } from 'oidc-provider'
import type { IdentityConfig } from '../options/parse-options.ts'

/**
 * The grant an authorization request goes on with. A first-party client gets one of its own for
 * each sign-in, with what is asked, so nobody sees a consent page, and what one sign-in revokes is
 * no other's. For other clients it is what the person agreed to, once for all sign-ins. A grant
 * that was revoked is gone even when the session still names it.
 */
export async function loadGrant(
  ctx: KoaContextWithOIDC,
  config: IdentityConfig,
  clock: Clock,
): Promise<Grant | undefined> {
  const { provider, client, account, session, params, resourceServers } = ctx.oidc
  if (!client || !account || !session) return undefined
  const isImplicit = config.clients.get(client.clientId)?.consent === 'implicit'
  const grantId =
    ctx.oidc.result?.consent?.grantId ??
    (isImplicit ? undefined : session.grantIdFor(client.clientId))
  const found = grantId ? await provider.Grant.find(grantId) : undefined
  // A person who signs in as somebody else has no part in the old one's grant.
  const own = found?.accountId === account.accountId ? found : undefined
  if (!own && !isImplicit) return undefined

  const { accountId } = account
  const grant = own ?? new provider.Grant({ accountId, clientId: client.clientId })
  if (isImplicit) {
    const scopes = String(params?.scope ?? '').split(' ')
    const identityScope = scopes.filter((scope) => client.scope?.split(' ').includes(scope))
    if (identityScope.length > 0) grant.addOIDCScope(identityScope)
    for (const [identifier, resource] of Object.entries(resourceServers ?? {})) {
      const granted = scopes.filter((scope) => resource.scopes.has(scope))
      if (granted.length > 0) grant.addResourceScope(identifier, granted)
    }
  }
  // Its tokens must not die before they expire: a grant lives as long as what is issued from now.
  grant.exp = clock() + grantLifetime(config)
  await grant.save()
  return grant
}

/** Seconds that a grant lives from the last authorization on. */
export function grantLifetime(config: IdentityConfig): number {
  return Math.max(config.lifetimes.refreshToken, config.lifetimes.session)
}
