import { Buffer } from 'node:buffer'
import { request } from 'node:http'

/** An answer as a browser sees it, before it follows a redirect. */
export interface BrowserAnswer {
  url: string
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** What a request may differ in. */
export interface BrowserRequest {
  method?: 'GET' | 'POST'
  form?: Record<string, string>
  headers?: Record<string, string>
}

/** A browser without JavaScript: cookies by path, redirects, forms. */
export interface Browser {
  /** One request; redirects are not followed. */
  send(url: string, options?: BrowserRequest): Promise<BrowserAnswer>
  /** A navigation: follows redirects of this origin, and stops at the first that leaves it. */
  visit(url: string, options?: BrowserRequest): Promise<BrowserAnswer>
  /** Fills in and posts the one form of a page, with the fields it has already. */
  submit(page: BrowserAnswer, fields: Record<string, string>): Promise<BrowserAnswer>
  /** The cookies as a Cookie header for this URL. */
  cookies(url: string): string
}

interface StoredCookie {
  name: string
  value: string
  path: string
}

/** Opens a browser with an empty cookie jar. */
export function openBrowser(): Browser {
  const jar = new Map<string, StoredCookie>()

  const browser: Browser = {
    async send(url, { method = 'GET', form, headers = {} } = {}) {
      const answer = await exchange(url, {
        method,
        headers: { accept: 'text/html', cookie: browser.cookies(url), ...headers },
        ...(form && { body: new URLSearchParams(form).toString() }),
      })
      for (const line of [answer.headers['set-cookie'] ?? []].flat()) keep(jar, line)
      return answer
    },

    async visit(url, options) {
      let answer = await browser.send(url, options)
      while (answer.status === 302 || answer.status === 303) {
        const next = new URL(String(answer.headers.location), answer.url)
        if (next.origin !== new URL(url).origin) return answer
        answer = await browser.send(next.href)
      }
      return answer
    },

    submit(page, fields) {
      const action = /<form method="post" action="([^"]*)"/.exec(page.body)?.[1] ?? ''
      const hidden = page.body.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)
      const form = Object.fromEntries([...hidden].map(([, name = '', value = '']) => [name, value]))
      const target = new URL(action.replaceAll('&amp;', '&'), page.url)
      return browser.visit(target.href, { method: 'POST', form: { ...form, ...fields } })
    },

    cookies(url) {
      const { pathname } = new URL(url)
      return [...jar.values()]
        .filter(({ path }) => pathname === path || pathname.startsWith(path.replace(/\/?$/, '/')))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ')
    },
  }
  return browser
}

function keep(jar: Map<string, StoredCookie>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const [name = '', value = ''] = pair.split(/=(.*)/s)
  const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/'
  const isGone = attributes.some((one) => /^expires=thu, 01 jan 1970/i.test(one))
  if (isGone) jar.delete(`${name};${path}`)
  else jar.set(`${name};${path}`, { name, value, path })
}

interface Exchange {
  method: string
  headers: Record<string, string>
  body?: string
}

function exchange(url: string, { method, headers, body }: Exchange): Promise<BrowserAnswer> {
  const { hostname, port, pathname, search } = new URL(url)
  const form = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { hostname, port, path: `${pathname}${search}`, method, headers: { ...form, ...headers } },
      async (res) => {
        const chunks: Buffer[] = []
        for await (const chunk of res) chunks.push(chunk)
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ url, status: res.statusCode ?? 0, headers: res.headers, body: text })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
