import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { errorCode } from '@sallyport/core'
import { createTelemetry, type Telemetry } from '@sallyport/telemetry'
import type { Guard } from '../guard.ts'
import type { GuardRequest } from '../guard-request.ts'
import { toRequirement } from '../requirement.ts'
import { type ApiAnswer, problemAnswer, sendAnswer } from './answer.ts'
import { readJsonBody } from './json-body.ts'
import { type ApiRoute, createRouteTable, type PublicCall, type RouteMatch } from './routes.ts'

/** A guarded API. */
export interface ApiOptions {
  guard: Guard
  /** Whatever is not listed is not served. */
  routes: readonly ApiRoute[]
  /** @defaultValue spans without a log */
  telemetry?: Telemetry
}

/** What one request came to, for its log line. */
interface Outcome {
  answer: ApiAnswer
  fields: Record<string, unknown>
}

/**
 * Creates the listener of a `node:http` server for an API: finds the route, asks the guard for
 * what the route needs, hands over the call, sends the answer as JSON. Errors become problems
 * (RFC 9457) that say nothing of their cause; each request is one span and one log line.
 *
 * Does not limit how long a client may take to send: that is the server's (`requestTimeout`).
 *
 * @throws TypeError for a route that names neither scopes nor `public`.
 *
 * @example
 * ```ts
 * const routes = [{ method: 'GET', path: '/items', scopes: ['items.read'], handle: listItems }]
 * createServer(createApiHandler({ guard, routes, telemetry })).listen(3012, '127.0.0.1')
 * ```
 */
export function createApiHandler(options: ApiOptions): RequestListener {
  const { guard, routes } = options
  const telemetry = options.telemetry ?? createTelemetry({ service: 'api', level: 'silent' })
  const match = createRouteTable(routes)

  async function respond(request: IncomingMessage, response: ServerResponse, found: RouteMatch) {
    const startedAt = performance.now()
    const { answer, fields } = await answerRequest(request, found)
    sendAnswer(response, answer)
    const { status } = answer
    const durationMs = Math.round(performance.now() - startedAt)
    telemetry.log.info(
      { method: request.method, status, duration_ms: durationMs, ...fields },
      'Request',
    )
  }

  async function answerRequest(request: IncomingMessage, found: RouteMatch): Promise<Outcome> {
    if (found.kind !== 'route') return { answer: noRouteAnswer(found), fields: {} }
    const { route, params } = found
    const fields: Record<string, unknown> = { route: route.path }
    const call: PublicCall = {
      params,
      query: new URLSearchParams(splitTarget(request).query),
      readJson: (schema) => readJsonBody(request, schema),
    }
    try {
      if (route.public === true) return { answer: await route.handle(call), fields }
      const permission = await guard.authorize(toGuardRequest(request), toRequirement(route))
      if (!permission.allowed) return { answer: toAnswer(permission), fields }
      const { claims, accessToken } = permission
      Object.assign(fields, { sub: claims.sub, client_id: claims.client_id })
      const answer = await route.handle({ ...call, claims, accessToken })
      return {
        answer: { ...answer, headers: { ...answer.headers, ...permission.headers } },
        fields,
      }
    } catch (error) {
      telemetry.log.error({ error, ...fields }, 'Request failed')
      return { answer: toAnswer(guard.refuse(errorCode(error))), fields }
    }
  }

  return (request, response) => {
    const found = match(request.method ?? '', splitTarget(request).path)
    const name = found.kind === 'route' ? `${request.method} ${found.route.path}` : 'no route'
    telemetry
      .serve(request.headers.traceparent, name, () => respond(request, response, found))
      .catch((error) => {
        telemetry.log.error({ error }, 'Answer not sent')
        response.destroy()
      })
  }
}

function noRouteAnswer(found: Exclude<RouteMatch, { kind: 'route' }>): ApiAnswer {
  if (found.kind === 'none') return problemAnswer('ERR_ROUTE_NOT_FOUND')
  const answer = problemAnswer('ERR_METHOD_NOT_ALLOWED')
  return { ...answer, headers: { ...answer.headers, allow: found.allow } }
}

function splitTarget({ url = '/' }: IncomingMessage): { path: string; query: string } {
  const at = url.indexOf('?')
  return at < 0 ? { path: url, query: '' } : { path: url.slice(0, at), query: url.slice(at + 1) }
}

function toGuardRequest({ method, url, rawHeaders, socket }: IncomingMessage): GuardRequest {
  const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined
  return { method, url, headers: rawHeaders, clientCertificate: certificate?.raw }
}

function toAnswer(refusal: ReturnType<Guard['refuse']>): ApiAnswer {
  return { status: refusal.status, headers: refusal.headers, body: refusal.problem }
}
