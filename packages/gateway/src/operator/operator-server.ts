import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Operator } from '@sallyport/bff'
import { errorCatalogue, errorCode, SallyportError, toProblem } from '@sallyport/core'
import { writeRespond } from '@sallyport/lanes'
import { createAudit, type Telemetry } from '@sallyport/telemetry'
import { findCredential } from './credentials.ts'
import type { OperatorConfig } from './operator-options.ts'
import { allowedAt, answerOperator } from './operator-routes.ts'

/** The operator's API, listening. */
export interface OperatorServer {
  readonly port: number
  close(): Promise<void>
}

export interface OperatorServerParts {
  /** As it is now: credentials can change while it runs. */
  config(): OperatorConfig
  telemetry: Telemetry
  /** What one operator works with. */
  operatorFor(actor: { name: string; address?: string | undefined }): Operator
}

const headers = [
  ...['content-type', 'application/json', 'cache-control', 'no-store'],
  ...['x-content-type-options', 'nosniff', 'content-security-policy', "default-src 'none'"],
]
const refusals = new Set<string>([
  ...['ERR_BROWSER_REFUSED', 'ERR_OPERATOR_UNKNOWN', 'ERR_REQUEST_INVALID'],
  ...['ERR_ROUTE_NOT_FOUND', 'ERR_METHOD_NOT_ALLOWED'],
])
const problemHeaders = headers.with(1, 'application/problem+json')

/**
 * Listens for operators. It knows no cookies, answers no other origin, and turns away whatever comes
 * from a browser before it looks at anything else.
 *
 * @throws `ERR_PORT_TAKEN`
 */
export async function createOperatorServer(parts: OperatorServerParts): Promise<OperatorServer> {
  const { telemetry } = parts
  const { log } = telemetry
  const audit = createAudit(log)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = request.socket.remoteAddress
    const { method = '', url: target = '' } = request
    const [path = '', ...query] = target.split('?')
    let name: string | undefined
    let body: unknown
    let status = 200
    try {
      name = admit(request, parts.config())
      const operator = parts.operatorFor({ name, address })
      const { credentials } = parts.config()
      const asked = { method, path, query: new URLSearchParams(query.join('?')) }
      body = await answerOperator({ ...asked, operator, credentials })
    } catch (error) {
      const code = errorCode(error)
      if (code === 'ERR_INTERNAL') log.error({ error }, 'an operator is not answered')
      // What an act led to is audited where it is done; here, what did not come so far.
      if (refusals.has(code)) {
        const actor = { kind: 'operator', name, address } as const
        audit({ event: 'authz_fail', action: 'request', outcome: 'refused', actor, code })
      }
      const isExplained = error instanceof SallyportError && code === 'ERR_REQUEST_INVALID'
      status = errorCatalogue[code].status
      body = { ...toProblem(code), ...(isExplained && { detail: error.message }) }
    }
    const isRefused = status >= 400
    const extra = [
      ...(status === 401 ? ['www-authenticate', 'Bearer'] : []),
      ...(status === 405 ? ['allow', allowedAt(path).join(', ')] : []),
    ]
    const sent = [...(isRefused ? problemHeaders : headers), ...extra]
    const decision = { kind: 'respond', status, headers: sent, body: JSON.stringify(body) } as const
    writeRespond(decision, request, response)
  }

  const server = createServer(
    { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 10_000 },
    (request, response) => {
      answer(request, response).catch((error) => {
        log.error({ error }, 'an operator could not be answered')
        response.destroy()
      })
    },
  )
  const { listen } = parts.config()
  server.listen(listen)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
    if (!isTaken) throw cause
    throw new SallyportError('ERR_PORT_TAKEN', `port ${listen.port} is taken`, { cause })
  }

  return {
    port: (server.address() as AddressInfo).port,

    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const deadline = setTimeout(() => server.closeAllConnections(), 5000)
      await closed
      clearTimeout(deadline)
    },
  }
}

/** @returns the name of the credential. @throws `ERR_BROWSER_REFUSED`, `ERR_OPERATOR_UNKNOWN` */
function admit({ rawHeaders }: IncomingMessage, { credentials }: OperatorConfig): string {
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase())
  if (names.some((name) => name === 'origin' || name.startsWith('sec-fetch-'))) {
    throw new SallyportError('ERR_BROWSER_REFUSED', 'a browser asks')
  }
  const values = rawHeaders.filter((_, i) => i % 2 === 1)
  const authorization = values.filter((_, i) => names[i] === 'authorization')
  const name = findCredential(credentials, authorization)
  if (name === undefined) throw new SallyportError('ERR_OPERATOR_UNKNOWN', 'no known credential')
  return name
}
