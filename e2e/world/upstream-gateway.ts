import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { BffOptions, UpstreamOptions } from '@sallyport/bff'
import { createSecret, randomToken } from '@sallyport/core'
import { createGateway, type Gateway, type GatewayOptions } from '@sallyport/gateway'
import { createTelemetry } from '@sallyport/telemetry'

/** What is configured of the upstream that is asked below `/api`. */
export const origin = 'http://orders.internal'

/** What came of a call; `status` is 0 when the connection broke. */
export interface CallResult {
  status: number
  text: string
  code: string
  header(name: string): string | undefined
}

export interface CallOptions {
  method?: string
  body?: string | Readable
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** A gateway that nobody signs in at: what it is about is upstreams. */
export interface UpstreamGateway {
  readonly gateway: Gateway
  /** Lines of its log, those that say something of upstreams. */
  lines(message: string): Record<string, unknown>[]
  call(path: string, options?: CallOptions): Promise<CallResult>
  reload(upstreams: Record<string, UpstreamOptions>): void
  close(): Promise<void>
}

export interface UpstreamGatewayOptions {
  lane: 'node' | 'fast'
  upstreams: Record<string, UpstreamOptions>
  routes?: BffOptions['routes']
  /** Seconds. */
  timeout?: number
}

/** Starts one. Connections of its callers are kept, so that both lanes stay what they are. */
export async function startUpstreamGateway(
  options: UpstreamGatewayOptions,
): Promise<UpstreamGateway> {
  const { lane, timeout = 30 } = options
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-upstreams-'))
  const logLines: string[] = []
  const destination = { write: (line: string) => void logLines.push(line) }
  const routes = options.routes ?? [
    { match: '/api/*', upstream: `${origin}/api`, token: 'none', timeout, methods: allMethods },
  ]
  const sealKeys = [{ kid: 'k1', key: createSecret(randomToken()) }]
  const clientAuthentication = { secret: randomToken() }
  const toOptions = (upstreams: Record<string, UpstreamOptions>): GatewayOptions => ({
    listen: { port: 0 },
    store: { lmdbFolder: folder },
    lanes: lane === 'fast' ? ['fast', 'node'] : ['node'],
    bff: {
      ...{ publicUrl: 'https://app.example', issuer: 'http://localhost:9', clientId: 'app' },
      ...{ clientAuthentication, sealKeys, routes, upstreams },
    },
  })
  const telemetry = createTelemetry({ service: 'bff', destination, level: 'debug' })
  const gateway = await createGateway(toOptions(options.upstreams), { telemetry })
  const agent = new Agent({ keepAlive: true })

  return {
    gateway,

    lines: (message) =>
      logLines.map((line) => JSON.parse(line)).filter((line) => line.message === message),

    call(path, { method = 'GET', body, headers = {}, signal } = {}) {
      return new Promise((resolve) => {
        const none = { status: 0, text: '', code: '', header: () => undefined }
        const sent = request({
          ...{ host: 'localhost', port: gateway.port, agent, method, path },
          ...(signal && { signal }),
          headers: {
            ...(typeof body === 'string' && { 'content-length': Buffer.byteLength(body) }),
            host: 'app.example',
            'x-csrf': '1',
            'sec-fetch-site': 'same-origin',
            ...headers,
          },
        })
        sent.on('error', () => resolve(none))
        sent.on('response', async (response) => {
          const { statusCode: status = 0, headers } = response
          const content = await text(response).catch(() => undefined)
          if (content === undefined) return resolve(none)
          const code = /"code":"(ERR_\w+)"/.exec(content)?.[1] ?? ''
          const header = (name: string) => headers[name]?.toString()
          resolve({ status, text: content, code, header })
        })
        if (typeof body === 'object') body.pipe(sent)
        else sent.end(body)
      })
    },

    reload: (upstreams) => gateway.reload(toOptions(upstreams)),

    async close() {
      agent.destroy()
      await gateway.close(0.5)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const allMethods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']
