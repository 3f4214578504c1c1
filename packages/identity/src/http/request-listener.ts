import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { IdentityConfig } from '../options/parse-options.ts'
import { health, routePattern } from '../provider/routes.ts'
import type { Storage } from '../storage/environment.ts'
import { createFrontGuard, refuse } from './front-guard.ts'

const drainMs = 10_000

/** What a listener puts together. */
export interface ListenerParts {
  config: IdentityConfig
  storage: Storage
  /** The provider's own listener. */
  callback: (req: IncomingMessage, res: ServerResponse) => Promise<void>
}

/** Takes the server's requests. */
export interface RequestListener {
  handle(req: IncomingMessage, res: ServerResponse): void
  /** Resolves when no request is under way, at the latest after 10 s; new ones get a 503. */
  drain(): Promise<void>
}

/** Creates the listener: health, the front guard, the provider; a span and a log line each. */
export function createRequestListener({
  config,
  storage,
  callback,
}: ListenerParts): RequestListener {
  const { telemetry } = config
  const findProblem = createFrontGuard(config.issuer, config.internalUrl)
  const underWay = new Set<Promise<void>>()
  let isOpen = true

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const problem = findProblem(req)
    if (problem) refuse(res, problem)
    else await callback(req, res)
  }

  return {
    handle(req, res) {
      const path = (req.url ?? '').split('?', 1)[0] ?? ''
      if (path === health.live) return respond(res, 200)
      if (path === health.ready) return respond(res, isOpen && isReadable(storage) ? 200 : 503)
      if (!isOpen) return respond(res, 503)
      const name = `${req.method} ${routePattern(path)}`
      const started = performance.now()
      const done = telemetry.serve(req.headers.traceparent, name, async () => {
        try {
          await answer(req, res)
        } catch (error) {
          telemetry.log.error({ event: 'sys_error', error }, 'request failed')
          if (res.headersSent) res.destroy()
          else refuse(res, 'ERR_INTERNAL')
        }
        const duration = Math.round(performance.now() - started)
        const fields = { route: routePattern(path), method: req.method, status: res.statusCode }
        telemetry.log.info({ event: 'http_request', ...fields, duration_ms: duration }, name)
      })
      underWay.add(done)
      void done.finally(() => underWay.delete(done))
    },

    async drain() {
      isOpen = false
      const patience = new AbortController()
      const tooLong = setTimeout(drainMs, undefined, { ref: false, signal: patience.signal })
      await Promise.race([Promise.all(underWay), tooLong.catch(() => undefined)])
      patience.abort()
    },
  }
}

function respond(res: ServerResponse, status: number): void {
  const retry = status === 503 ? { 'Retry-After': '5' } : {}
  res.writeHead(status, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store', ...retry })
  res.end(status === 200 ? 'ok\n' : 'unavailable\n')
}

function isReadable(storage: Storage): boolean {
  try {
    storage.get('keys')
    return true
  } catch {
    return false
  }
}
