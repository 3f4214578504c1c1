import { readBounded } from '@sallyport/core'
import { z } from 'zod'
import type { ResolvedContext } from './context.ts'

/** How long an issuer's answer is waited for, in whole seconds. */
export const timeoutSeconds = z.int().min(1).max(60).default(5)

/** Longest answer read from an issuer: a large key set has a tenth of it. */
const maxBytes = 256 * 1024

/** A request to an issuer. */
export interface JsonRequest {
  url: string
  /** Whole seconds for everything, body included. */
  timeout: number
  /** Sent as a form with POST; absent: GET. */
  form?: URLSearchParams
  headers?: Record<string, string>
}

/** An issuer's answer, whatever its status. */
export interface JsonAnswer {
  status: number
  /** `undefined` when the body is not JSON. */
  body: unknown
}

/**
 * Asks an issuer, within bounds of time and size. Follows no redirect: the answer to one is that
 * redirect's status.
 *
 * @throws the platform's error when there is no answer in time, `RangeError` when it is too long.
 */
export async function fetchJson(
  request: JsonRequest,
  context: ResolvedContext,
): Promise<JsonAnswer> {
  const { url, timeout, form, headers = {} } = request
  const response = await context.fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout * 1000),
    headers: { accept: 'application/json', ...headers },
    ...(form && { method: 'POST', body: form }),
  })
  const body = await readBounded(response.body, maxBytes)
  if (!body) throw new RangeError(`answer is longer than ${maxBytes} bytes`)
  return { status: response.status, body: parseJson(body.toString('utf8')) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
