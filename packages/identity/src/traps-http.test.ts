import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { createGuardedFetch } from './http/guarded-fetch.ts'
import { openBrowser } from './testing/browser.ts'
import { beginSignIn, useIdentity } from './testing/identity-fixture.ts'

const identity = useIdentity()

interface Raw {
  status: number
  body: string
  headers: Record<string, unknown>
}

function send(path: string, headers: Record<string, string>, method = 'GET'): Promise<Raw> {
  const { port } = new URL(identity.issuer)
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers }, (res) => {
      let body = ''
      res.setEncoding('utf8')
      res.on('data', (chunk) => {
        body += chunk
      })
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body, headers: res.headers }))
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

const host = () => new URL(identity.issuer).host
const discovery = '/.well-known/openid-configuration'

describe('T5: the host', () => {
  test('is the issuer alone', async () => {
    const { port } = new URL(identity.issuer)
    for (const other of ['evil.test', `evil.test:${port}`, `127.0.0.1:${port}`, `${host()}.evil`]) {
      const answer = await send(discovery, { host: other })
      expect(answer.status, other).toBe(421)
      expect(answer.body, other).not.toContain('evil')
    }
    expect((await send(discovery, { host: host().toUpperCase() })).status).toBe(200)
  })

  test('is not taken from what a caller says about forwarding', async () => {
    const plain = await send(discovery, { host: host() })
    const forged = await send(discovery, {
      host: host(),
      'x-forwarded-host': 'evil.test',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '10.0.0.1',
      forwarded: 'host=evil.test;proto=https',
      'x-http-method-override': 'DELETE',
    })
    expect(JSON.parse(forged.body)).toEqual(JSON.parse(plain.body))
    expect(JSON.parse(plain.body).token_endpoint).toBe(`${identity.issuer}/token`)
  })

  test('is not taken from the request target', async () => {
    const targets = [
      `http://evil.test${discovery}`,
      `//evil.test${discovery}`,
      `${discovery}?a=%00`,
    ]
    for (const target of targets) {
      const status = (await send(target, { host: host() })).status
      expect(status, target).toBe(400)
    }
  })

  test('is missing from a request of HTTP/1.0: refused', async () => {
    const { port } = new URL(identity.issuer)
    const head = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(`GET ${discovery} HTTP/1.0\r\n\r\n`)
      })
      socket.once('data', (chunk) => resolve(String(chunk).split('\r\n', 1)[0] ?? ''))
    })
    expect(head).toContain('421')
  })
})

describe('T6: outgoing calls', () => {
  async function withTarget<T>(
    answer: (url: string) => Promise<T>,
    write: (path: string) => string,
  ): Promise<T> {
    const target = createServer((req, res) => res.end(write(req.url ?? '')))
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
    try {
      return await answer(`http://127.0.0.1:${(target.address() as AddressInfo).port}`)
    } finally {
      target.closeAllConnections()
      target.close()
    }
  }

  test('reach a private address only when its origin is listed', async () => {
    await withTarget(
      async (origin) => {
        const refused = createGuardedFetch(new Set())(origin)
        await expect(refused).rejects.toThrow('keeps off private addresses')
        const answer = await createGuardedFetch(new Set([origin]))(`${origin}/x`)
        expect(await answer.text()).toBe('hello')
      },
      () => 'hello',
    )
  })

  test('keep the dispatcher that closes private connections, except for listed origins', async () => {
    const seen: unknown[] = []
    const record = (_url: URL | string, init?: RequestInit) => {
      seen.push((init as { dispatcher?: unknown }).dispatcher)
      return Promise.resolve(new Response(''))
    }
    const guarded = createGuardedFetch(new Set(['https://inside.example']), record)
    const init = { dispatcher: 'keeps off' } as RequestInit
    await guarded('https://outside.example/logout', init)
    await guarded('https://inside.example.evil/logout', init)
    await guarded('https://inside.example/logout', init)
    expect(seen).toEqual(['keeps off', 'keeps off', undefined])
  })

  test('do not read an answer without end', async () => {
    await withTarget(
      async (origin) => {
        const asked = createGuardedFetch(new Set([origin]))(origin)
        await expect(asked).rejects.toThrow('longer than 65536 bytes')
      },
      () => 'x'.repeat(70_000),
    )
  })
})

describe('answers', () => {
  test('T17: keys and discovery may be cached for a while, tokens and pages never', async () => {
    for (const path of [discovery, '/jwks', '/.well-known/oauth-authorization-server']) {
      const answer = await send(path, { host: host() })
      expect(answer.headers['cache-control'], path).toBe('public, max-age=300')
    }
    for (const path of ['/token', '/sign-out', '/authorize']) {
      const answer = await send(path, { host: host() }, path === '/token' ? 'POST' : 'GET')
      expect(answer.headers['cache-control'], path).toContain('no-store')
    }
  })

  test('T18: programs get JSON, whatever they say they accept', async () => {
    const headers = { host: host(), accept: 'text/html,*/*;q=0.1' }
    for (const path of ['/token', '/TOKEN', '/token/', '/revoke', '/introspect', '/par']) {
      const answer = await send(path, headers, 'POST')
      expect(answer.status, path).toBeGreaterThanOrEqual(400)
      expect(String(answer.headers['content-type']), path).toContain('application/json')
      expect(JSON.parse(answer.body), path).toHaveProperty('error')
    }
  })

  test('T21: a path where nothing is answers 404, to people with a page', async () => {
    const program = await send('/nothing', { host: host() })
    expect(program.status).toBe(404)
    expect(JSON.parse(program.body)).toMatchObject({ code: 'ERR_ROUTE_NOT_FOUND' })
    const person = await send('/nothing', { host: host(), 'sec-fetch-dest': 'document' })
    expect(person.status).toBe(404)
    expect(person.body).toContain('<h1>Nothing here</h1>')
    expect(String(person.headers['content-security-policy'])).toContain("default-src 'none'")
  })

  test('bodies have a limit', async () => {
    const tooLong = await fetch(`${identity.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'x'.repeat(70_000) }),
    }).catch((error: unknown) => error)
    expect(tooLong).toMatchObject({ status: 400 })
    const chunked = await fetch(`${identity.issuer}/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Readable.toWeb(Readable.from([Buffer.alloc(70_000, 'x')])),
      duplex: 'half',
    } as unknown as RequestInit)
    expect(chunked.status).toBe(400)

    const attempt = await beginSignIn(identity)
    const page = await attempt.browser.visit(attempt.url.href)
    const answer = await attempt.browser.submit(page, { username: 'x'.repeat(20_000) })
    expect(answer.status).toBe(403)
  })

  test('pages are closed to scripts, frames, caches and referrers', async () => {
    const attempt = await beginSignIn(identity)
    const { headers, body } = await attempt.browser.visit(attempt.url.href)
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("base-uri 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    })
    expect(body).not.toContain('<script')
  })

  test('T12: the form of a page may end at the redirect URI that was checked, nowhere else', async () => {
    const attempt = await beginSignIn(identity)
    const { headers } = await attempt.browser.visit(attempt.url.href)
    const formAction = /form-action ([^;]*)/.exec(String(headers['content-security-policy']))?.[1]
    expect(formAction).toBe("'self' http://localhost:3000")
  })

  test('T11: the form of response_mode=form_post runs under its hash and may be posted', async () => {
    const extra = { response_mode: 'form_post', prompt: 'none' }
    const attempt = await beginSignIn(identity, 'bff', { extra })
    const { headers, body } = await openBrowser().visit(attempt.url.href)
    const policy = String(headers['content-security-policy'])
    expect(body).toContain('name="error" value="login_required"')
    expect(policy).toMatch(/script-src 'report-sample' 'sha256-[\w+/=]+'/)
    expect(policy).toContain("form-action 'self' http://localhost:3000")
  })
})
