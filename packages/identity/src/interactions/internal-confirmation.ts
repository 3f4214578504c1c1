import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Middleware } from '../http/context.ts'

type Callback = (req: IncomingMessage, res: ServerResponse) => Promise<void>

/**
 * Confirms a sign-out here, instead of sending the browser a page that submits itself.
 *
 * The library asks for a confirmation whenever a session ends: because a link could come from any
 * site. There is nothing to ask when the request carries an ID token of this very session, which
 * no other site has; when nobody is signed in; and when a person has just signed in as somebody
 * else. Its own answer to the last two is a page that needs JavaScript.
 *
 * @param callback the provider's request listener.
 */
export function createInternalConfirmation(callback: () => Callback): Middleware {
  return async (koaContext, next) => {
    await next()
    const ctx = koaContext as unknown as KoaContextWithOIDC
    const secret = ctx.oidc?.session?.state?.secret
    if (typeof secret !== 'string' || ctx.status !== 200 || !needsNoQuestion(ctx)) return

    const request = confirmation(ctx, secret)
    for (const name of ctx.res.getHeaderNames()) ctx.res.removeHeader(name)
    ctx.respond = false
    await callback()(request, ctx.res)
  }
}

function needsNoQuestion(ctx: KoaContextWithOIDC): boolean {
  const { route, session, result } = ctx.oidc as typeof ctx.oidc & { route: string }
  if (route === 'resume') return result === undefined && session?.state?.clientId !== undefined
  if (route !== 'end_session') return false
  return !session?.accountId || isHintOfSession(ctx)
}

/** Whether the ID token was issued in this session: its `sid` tells sessions of a person apart. */
function isHintOfSession(ctx: KoaContextWithOIDC): boolean {
  const { session, client, entities } = ctx.oidc
  const payload = entities.IdTokenHint?.payload as { sub?: unknown; sid?: unknown } | undefined
  if (!payload || !session?.accountId || !client) return false
  const sid = session.sidFor(client.clientId)
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
