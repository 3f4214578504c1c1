import type { Middleware } from '../http/context.ts'
import { sendPage } from '../http/security-headers.ts'
import type { IdentityConfig } from '../options/parse-options.ts'
import { messagePage } from '../pages/message-page.ts'
import { startAgain } from '../pages/start-again.ts'
import { pages } from '../provider/routes.ts'

/**
 * Where "stay signed in" leads: it changes nothing. The library's own "no" would take the
 * application's tokens away.
 */
export function createStaySignedIn(config: IdentityConfig): Middleware {
  const { host } = new URL(config.issuer)
  return async (ctx, next) => {
    if (ctx.path !== pages.staySignedIn || ctx.method !== 'GET') return next()
    const clientId = typeof ctx.query.client === 'string' ? ctx.query.client : undefined
    sendPage(ctx, host, {
      status: 200,
      title: 'Still signed in',
      body: messagePage({
        heading: 'You are still signed in',
        text: 'Nothing has changed. Your session goes on.',
        next: startAgain(config.clients, clientId),
      }),
    })
  }
}
