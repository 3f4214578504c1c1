import { type IncomingHttpHeaders, request } from 'node:http'
import type { Browser } from './browser.ts'

/** One open `GET /bff/events`. */
export interface EventStream {
  readonly status: number
  readonly contentType: string | undefined
  readonly headers: IncomingHttpHeaders
  /** Events so far, with the text of their data parsed. */
  readonly events: { type: string; [member: string]: unknown }[]
  /** All that came, as it came. */
  readonly text: string
  readonly isEnded: boolean
  close(): void
}

/** Opens one as the application's own page does, unless `headers` say otherwise. */
export function openEvents(
  browser: Browser,
  app: string,
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const own = { 'x-csrf': '1', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }
  return new Promise((resolve, reject) => {
    const asked = request(`${app}/bff/events`, {
      headers: { ...own, ...headers, cookie },
      agent: false,
    })
    asked.once('error', reject)
    asked.end()
    asked.once('response', (response) => {
      let text = ''
      let isEnded = false
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('error', () => {})
      response.on('end', () => {
        isEnded = true
      })
      resolve({
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'],
        headers: response.headers,
        get events() {
          return [...text.matchAll(/event: (.*)\ndata: (.*)\n\n/g)].map(([, type = '', rest]) => ({
            type,
            ...JSON.parse(rest ?? '{}'),
          }))
        },
        get text() {
          return text
        },
        get isEnded() {
          return isEnded
        },
        close: () => asked.destroy(),
      })
    })
  })
}
