import { toProblem } from '@sallyport/core'
import { type Logger, traceId } from '@sallyport/telemetry'
import type { IdentityConfig } from '../options/parse-options.ts'
import { messagePage } from '../pages/message-page.ts'
import { startAgain } from '../pages/start-again.ts'
import { isPage } from '../provider/routes.ts'
import type { Context, Middleware } from './context.ts'
import { sendPage } from './security-headers.ts'

/** What nobody else answered: a failure, or a path where nothing is. People get a page. */
export function createErrorBoundary(config: IdentityConfig, log: Logger): Middleware {
  const { host } = new URL(config.issuer)

  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      log.error({ event: 'sys_error', error }, 'a request failed')
      if (!isForPeople(ctx)) return sendProblem(ctx, 'ERR_INTERNAL')
      return sendPage(ctx, host, {
        status: 500,
        title: 'Something went wrong',
        body: messagePage({
          heading: 'Something went wrong',
          text: 'The sign-in server failed at this. Try again in a moment.',
          next: startAgain(config.clients, undefined),
          facts: { Reference: traceId() },
        }),
      })
    }
    if (ctx.respond === false || ctx.status !== 404 || ctx.body !== undefined) return
    if (!isForPeople(ctx)) return sendProblem(ctx, 'ERR_ROUTE_NOT_FOUND')
    sendPage(ctx, host, {
      status: 404,
      title: 'Nothing here',
      body: messagePage({
        heading: 'Nothing here',
        text: 'This is a sign-in server. There is no page at this address.',
        next: startAgain(config.clients, undefined),
      }),
    })
  }
}

function isForPeople(ctx: Context): boolean {
  return isPage(ctx.path) || ctx.get('Sec-Fetch-Dest') === 'document'
}

function sendProblem(ctx: Context, code: 'ERR_INTERNAL' | 'ERR_ROUTE_NOT_FOUND'): void {
  const problem = toProblem(code)
  ctx.status = problem.status
  ctx.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' })
  ctx.body = JSON.stringify(problem)
  ctx.type = 'application/problem+json'
}
