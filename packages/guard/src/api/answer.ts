import type { ServerResponse } from 'node:http'
import { type ErrorCode, toProblem } from '@sallyport/core'

/** What a route answers: sent as JSON. */
export interface ApiAnswer {
  status: number
  /** Absent: no body. */
  body?: unknown
  /** Lower-case names. */
  headers?: Readonly<Record<string, string>>
}

/** An error answer of an API: RFC 9457, also with problem types of its own. */
export interface ApiProblem {
  type: string
  title: string
  status: number
  code: string
  /** What is wrong with this request, for its sender. */
  detail?: string
}

const defaultHeaders = {
  'content-type': 'application/json',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
}

/**
 * The answer for a code of this stack, or for a problem of the API's own.
 *
 * @param detail what is wrong with this request; never an error's `message`.
 */
export function problemAnswer(problem: ErrorCode | ApiProblem, detail?: string): ApiAnswer {
  const body: ApiProblem = typeof problem === 'string' ? toProblem(problem) : problem
  return {
    status: body.status,
    headers: { 'content-type': 'application/problem+json' },
    body: detail === undefined ? body : { ...body, detail },
  }
}

/** Sends an answer as it is; nothing may have been sent before. */
export function sendAnswer(response: ServerResponse, answer: ApiAnswer): void {
  const { status, body, headers } = answer
  if (body === undefined) {
    const { 'content-type': _, ...bare } = defaultHeaders
    response.writeHead(status, { ...bare, ...headers }).end()
    return
  }
  const text = JSON.stringify(body)
  const length = String(Buffer.byteLength(text))
  response.writeHead(status, { ...defaultHeaders, ...headers, 'content-length': length }).end(text)
}
