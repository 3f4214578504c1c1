import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { parseCookies } from '@sallyport/core'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Middleware } from '../http/context.ts'
import type { IdentityConfig } from '../options/parse-options.ts'

type Callback = (req: IncomingMessage, res: ServerResponse) => Promise<void>

/**
 * Confirms a sign-out here, instead of sending the browser a page that submits itself.
 *
 * The library asks for a confirmation whenever a session ends: because a link could come from any
 * site. There is nothing to ask when the request carries an ID token of this very session, which
 * no other site has; when nobody is signed in; and when a person has just signed in as somebody
 * else. Its own answer to the last two is a page that needs JavaScript.
 *
 * @param config which clients are trusted with a `logout_hint`.
 * @param callback the provider's request listener.
 */
export function createInternalConfirmation(
  config: IdentityConfig,
  callback: () => Callback,
): Middleware {
  return async (koaContext, next) => {
    await next()
    const ctx = koaContext as unknown as KoaContextWithOIDC
    const secret = ctx.oidc?.session?.state?.secret
    if (typeof secret !== 'string' || ctx.status !== 200 || !needsNoQuestion(ctx, config)) return

    const request = confirmation(ctx, secret)
    for (const name of ctx.res.getHeaderNames()) ctx.res.removeHeader(name)
    ctx.respond = false
    await callback()(request, ctx.res)
  }
}

function needsNoQuestion(ctx: KoaContextWithOIDC, config: IdentityConfig): boolean {
  const { route, session } = ctx.oidc as typeof ctx.oidc & { route: string }
  // Signed in as somebody else: the sign-out is to lead back to this very request.
  const returnTo = session?.state?.postLogoutRedirectUri
  if (route === 'resume') return typeof returnTo === 'string' && isPathOf(returnTo, ctx.path)
  if (route !== 'end_session') return false
  return !session?.accountId || isHintOfSession(ctx, config)
}

function isPathOf(uri: string, path: string): boolean {
  return URL.parse(uri)?.pathname === path
}

/**
 * Whether the request names this very session: by an ID token issued in it, whose `sid` tells
 * sessions of a person apart, or by that `sid` itself from a client that is trusted with it.
 */
function isHintOfSession(ctx: KoaContextWithOIDC, config: IdentityConfig): boolean {
  const { session, client, entities, params } = ctx.oidc
  if (!session?.accountId || !client) return false
  const sid = session.sidFor(client.clientId)
  const payload = entities.IdTokenHint?.payload as { sub?: unknown; sid?: unknown } | undefined
  if (!payload) {
    const isTrusted = config.clients.get(client.clientId)?.trustsLogoutHint === true
    return isTrusted && sid !== undefined && params?.logout_hint === sid
  }
  return sid !== undefined && payload.sid === sid && payload.sub === session.accountId
}

/** The request that the browser would make from the library's page. */
function confirmation(ctx: KoaContextWithOIDC, secret: string): IncomingMessage {
  const body = Buffer.from(new URLSearchParams({ xsrf: secret, logout: 'yes' }).toString())
  const url = new URL(ctx.oidc.urlFor('end_session_confirm'))
  return Object.assign(Readable.from([body], { objectMode: false }), {
    method: 'POST',
    url: url.pathname,
    headers: {
      ...ctx.req.headers,
      cookie: cookiesAfter(ctx),
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
    },
    httpVersion: ctx.req.httpVersion,
    httpVersionMajor: ctx.req.httpVersionMajor,
    httpVersionMinor: ctx.req.httpVersionMinor,
    socket: ctx.req.socket,
    connection: ctx.req.socket,
  }) as unknown as IncomingMessage
}

/** What the browser would send: its cookies, and those that the answer to it would have set. */
function cookiesAfter(ctx: KoaContextWithOIDC): string {
  const set = [ctx.res.getHeader('set-cookie') ?? []].flat().map((line) => String(line))
  const pairs = [ctx.get('cookie'), ...set.map((line) => line.split(';', 1)[0] ?? '')]
  const cookies = new Map(
    pairs.flatMap((text) => parseCookies(text).map(({ name, value }) => [name, value])),
  )
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}
