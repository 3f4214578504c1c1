import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

/** One answer, body and all. */
export interface Answer {
  status: number
  /** Flat, as it came over the wire. */
  rawHeaders: string[]
  header(name: string): string | undefined
  headers(name: string): string[]
  text: string
  json<T = unknown>(): T
}

export interface AskOptions {
  method?: string
  /** Flat; duplicates are sent as duplicates. */
  headers?: string[]
  body?: string
  /** Ignore the jar. */
  withoutCookies?: boolean
}

/** A browser without a screen: keeps cookies by host, sends what a browser sends. */
export interface Browser {
  readonly cookies: Map<string, string>
  /** Every Set-Cookie it got, in order, as it came. */
  readonly setCookies: string[]
  /** Any request, with the cookies; follows nothing. */
  ask(url: string, options?: AskOptions): Promise<Answer>
  /** A top-level navigation; follows nothing. */
  open(url: string): Promise<Answer>
  /** A top-level navigation; follows redirects and pages that go on at once. Gives the last answer and every URL on the way. */
  navigate(url: string): Promise<{ answer: Answer; url: string; visited: string[] }>
  /** Fills in and sends the one form of a page; follows redirects. */
  submit(
    page: { answer: Answer; url: string },
    fields: Record<string, string>,
  ): Promise<{ answer: Answer; url: string; visited: string[] }>
  /** A `fetch` of the application's own page. */
  call(url: string, options?: AskOptions): Promise<Answer>
}

const navigation = [
  'sec-fetch-site',
  'none',
  'sec-fetch-mode',
  'navigate',
  'sec-fetch-dest',
  'document',
  'accept',
  'text/html',
]

/** What a browser is, and where it is. */
export interface BrowserOptions {
  /** What it says it is; absent: nothing. */
  userAgent?: string
  /** Where origins really are, as name servers and a TLS proxy would have it. */
  places?: Readonly<Record<string, string>>
}

/** Creates a browser with an empty jar. */
export function createBrowser({ userAgent, places = {} }: BrowserOptions = {}): Browser {
  const cookies = new Map<string, string>()
  const setCookies: string[] = []

  async function ask(url: string, options: AskOptions = {}): Promise<Answer> {
    const { method = 'GET', headers = [], body, withoutCookies } = options
    const header = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const cookie = header && !withoutCookies ? ['cookie', header] : []
    const host = headers.some((name) => name.toLowerCase() === 'host')
      ? []
      : ['host', new URL(url).host]
    const agent = userAgent === undefined ? [] : ['user-agent', userAgent]
    const length = body === undefined ? [] : ['content-length', String(Buffer.byteLength(body))]
    const { origin } = new URL(url)
    const answer = await send((places[origin] ?? origin) + url.slice(origin.length), {
      method,
      headers: [...host, ...agent, ...headers, ...cookie, ...length],
      body,
    })
    for (const setCookie of answer.headers('set-cookie')) keep(cookies, setCookie)
    setCookies.push(...answer.headers('set-cookie'))
    return answer
  }

  async function follow(first: string, options: AskOptions) {
    const visited: string[] = []
    let url = first
    let answer = await ask(url, options)
    visited.push(url)
    for (let next = nextOf(answer); next && visited.length < 20; next = nextOf(answer)) {
      url = new URL(next, url).href
      visited.push(url)
      answer = await ask(url, { headers: navigation })
    }
    return { answer, url, visited }
  }

  return {
    cookies,
    setCookies,
    ask,
    open: (url) => ask(url, { headers: navigation }),
    navigate: (url) => follow(url, { headers: navigation }),

    submit({ answer, url }, fields) {
      const action = /<form[^>]*action="([^"]*)"/.exec(answer.text)?.[1] ?? url
      const form = new URLSearchParams()
      for (const [input] of answer.text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
        const name = /name="([^"]*)"/.exec(input)?.[1]
        if (name) form.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? '')
      }
      for (const [name, value] of Object.entries(fields)) form.set(name, value)
      const target = new URL(action.replaceAll('&amp;', '&'), url)
      return follow(target.href, {
        method: 'POST',
        body: form.toString(),
        headers: [
          ...navigation.slice(2),
          ...['sec-fetch-site', 'same-origin', 'origin', target.origin],
          ...['content-type', 'application/x-www-form-urlencoded'],
        ],
      })
    },

    call(url, options = {}) {
      const own = [
        'x-csrf',
        '1',
        'sec-fetch-site',
        'same-origin',
        'sec-fetch-mode',
        'cors',
        'sec-fetch-dest',
        'empty',
      ]
      const origin =
        options.method && options.method !== 'GET' ? ['origin', new URL(url).origin] : []
      return ask(url, { ...options, headers: [...own, ...origin, ...(options.headers ?? [])] })
    },
  }
}

/** Where an answer sends a browser: by redirect, or by a page that goes on at once. */
function nextOf(answer: Answer): string | undefined {
  if (answer.status >= 300 && answer.status < 400) return answer.header('location') ?? ''
  const refresh = /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(answer.text)?.[1]
  return refresh?.replaceAll('&amp;', '&')
}

interface Sent {
  method: string
  headers: string[]
  body?: string | undefined
}

function send(url: string, { method, headers, body }: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port, protocol } = new URL(url)
    const requestOver = protocol === 'https:' ? httpsRequest : httpRequest
    const path = url.slice(new URL(url).origin.length) || '/'
    const request = requestOver(
      { hostname, port, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          resolve(
            toAnswer(
              response.statusCode ?? 0,
              response.rawHeaders,
              Buffer.concat(chunks).toString(),
            ),
          )
        })
      },
    )
    request.setTimeout(20_000, () => request.destroy(new Error(`no answer from ${method} ${path}`)))
    request.on('error', reject)
    request.end(body)
  })
}

function toAnswer(status: number, rawHeaders: string[], text: string): Answer {
  const headers = (name: string) =>
    rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name)
  return {
    status,
    rawHeaders,
    headers,
    header: (name) => headers(name)[0],
    text,
    json: () => JSON.parse(text),
  }
}

function keep(cookies: Map<string, string>, setCookie: string): void {
  const [, name, value] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? []
  if (!name) return
  const isGone = /max-age=0|expires=thu, 01 jan 1970/i.test(setCookie) || value === ''
  if (isGone) cookies.delete(name)
  else cookies.set(name, value ?? '')
}
