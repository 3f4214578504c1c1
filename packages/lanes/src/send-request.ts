import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { ForwardDecision, HeaderList } from '@sallyport/bff'
import type { Dispatcher } from 'undici'
import { hasBody } from './request-body.ts'
import type { Wanted } from './upstreams/choose-address.ts'
import type { NodeConnection, NodeConnections } from './upstreams/node-connections.ts'
import { isRepeatable } from './upstreams/retry-rules.ts'
import type { Upstream } from './upstreams/upstream.ts'
import type { UpstreamAddress } from './upstreams/upstream-address.ts'
import type { Upstreams } from './upstreams.ts'

/** What the node lane reaches upstreams with. */
export interface UpstreamParts {
  upstreams: Upstreams
  connections: NodeConnections
}

/** A response whose head has come. */
export interface SentRequest {
  status: number
  headers: HeaderList
  body: Dispatcher.ResponseData['body']
  /**
   * Ends the exchange.
   *
   * @param isWhole whether the response was read to its end, so that the connection can be used again.
   */
  end(isWhole: boolean): void
  /** In the words of the log, whatever broke the response off. */
  describe(error: unknown): unknown
}

/**
 * Sends a request to one of the upstream's addresses, and to others for as long as that is allowed
 * and no response comes.
 *
 * @throws what the last of them failed with, and `ERR_UPSTREAM_BUSY` and `ERR_UPSTREAM_UNAVAILABLE`.
 */
export async function sendRequest(
  decision: ForwardDecision,
  request: IncomingMessage,
  { parts, signal }: { parts: UpstreamParts; signal: AbortSignal },
): Promise<SentRequest> {
  const upstream = parts.upstreams.of(decision.upstream)
  const { method, path } = decision
  const body = hasBody(request) ? createBody(request) : null
  const facts = { method, hasBody: body !== null }
  const options: Dispatcher.RequestOptions = {
    ...{ method: method as Dispatcher.HttpMethod, path, signal, responseHeaders: 'raw' },
    headers: [...decision.headers, ...requestFraming(request)],
    // Any async iterable will do, which only the types deny.
    body: body as unknown as Readable | null,
    headersTimeout: decision.timeout * 1000,
  }
  const take = async (wanted: Wanted) =>
    upstream.takeNow(wanted) ?? (await upstream.queue(wanted, signal))
  let wanted: Wanted = {
    ...{ isRepeatable: isRepeatable(facts, upstream.config.retries), retries: 0, tried: [] },
  }
  let address = await take(wanted)
  while (true) {
    const connection = parts.connections.take(upstream, address, wanted.retries > 0)
    try {
      const response = await connection.request(options)
      upstream.answered(address, response.statusCode)
      return toSent(response, { upstream, address, connection })
    } catch (error) {
      const failure = {
        ...connection.describe(error),
        isUploading: body !== null && !request.complete,
      }
      connection.destroy()
      if (signal.aborted) {
        upstream.release(address)
        throw error
      }
      upstream.failed(address, failure)
      upstream.release(address)
      const isBodyWhole = body === null || !body.isBegun
      const again = upstream.again({ ...facts, isBodyWhole }, { wanted, address, failure })
      const next = again && (await take(again).catch(() => undefined))
      if (!next) throw failure.error
      wanted = again
      address = next
    }
  }
}

interface Exchange {
  upstream: Upstream
  address: UpstreamAddress
  connection: NodeConnection
}

function toSent(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  { upstream, address, connection }: Exchange,
): SentRequest {
  return {
    status: statusCode,
    headers: headers as unknown as HeaderList,
    body,
    end(isWhole) {
      if (isWhole) connection.release()
      else connection.destroy()
      upstream.release(address)
    },
    describe: (error) => connection.describe(error).error,
  }
}

/**
 * The body without its stream: undici destroys a stream on failure, and the client's socket would
 * go with it before it got an answer. Nothing is read of it before there is a connection.
 */
function createBody(request: IncomingMessage) {
  const body = {
    isBegun: false,
    [Symbol.asyncIterator]() {
      body.isBegun = true
      return request.iterator({ destroyOnReturn: false })
    },
  }
  return body
}

/** The length that node's parser has verified; a chunked body stays chunked. */
function requestFraming(request: IncomingMessage): HeaderList {
  const length = request.headers['content-length']
  return length === undefined ? [] : ['content-length', length]
}
