import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RespondDecision } from '@sallyport/bff'
import { hasBody } from './request-body.ts'

/** Writes an answer whole. A body that nobody reads ends the connection, not up as a request. */
export function writeRespond(
  decision: RespondDecision,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { status, headers, body } = decision
  // A 204 has no length (RFC 9110 section 8.6).
  const framing = status === 204 ? [] : ['content-length', String(Buffer.byteLength(body))]
  const isUnread = !request.complete && hasBody(request)
  // After a request that was read in doubt, nothing that follows is believed to be a request.
  if (isUnread || status === 400) framing.push('connection', 'close')
  response.writeHead(status, [...headers, ...framing])
  response.end(request.method === 'HEAD' ? undefined : body)
}
