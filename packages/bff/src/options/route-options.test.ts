import { createSecret, randomToken, type SallyportError } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../config.ts'

const minimal = {
  publicUrl: 'https://app.example',
  issuer: 'https://id.example',
  clientId: 'bff',
  clientAuthentication: { secret: randomToken() },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
}

const parse = (...routes: object[]) => parseConfig({ ...minimal, routes }).routes
const api = { match: '/api/*', upstream: 'http://api.internal' }

test('everything that is wrong with routes is said at once', () => {
  const broken = [{ match: 5 }, { ...api, methods: 'GET' }, { ...api, upstream: 'x' }, 5]
  let paths: string[] = []
  try {
    parse(...(broken as object[]))
  } catch (error) {
    paths = (error as SallyportError).problems.map(({ path }) => path.join('.'))
  }
  expect(paths).toEqual([
    ...['routes.0.match', 'routes.0.upstream', 'routes.1.methods', 'routes.2.upstream', 'routes.3'],
  ])
})

describe('the pattern of a route', () => {
  test.each([
    ...['/', '/*', '/api', '/api/', '/api/*', '/{a}', '/{a}/*', '/a/{b}/c/{d}', '/bffx', '/{bff}'],
    ...['/api/a%20b', '/api/%7B'],
  ])('may be %s', (match) => expect(parse({ ...api, match })[0]?.match).toBe(match))

  test.each([
    ...['', 'api', '/api//x', '/api//*', '/api/../x', '/a*', '/*/x', '/a/%2e', '/api/*/*', '//'],
    ...['/a{b}', '/{b}c', '/{}', '/{a-b}', '/{a}{b}', '/{{a}}', '/{a', '/{1}', '/%7e', '/a b'],
    ...['/bff', '/bff/*', '/bff/{id}'],
    ...['/{a}/{a}', '/{a}/x/{a}/*'],
  ])('must not be %j', (match) => {
    expect(() => parse({ ...api, match })).toThrow('routes[0].match')
  })
})

describe('the upstream of a route', () => {
  const match = '/{tenant}/files/{id}/*'

  test.each(['http://a/v2/{tenant}', 'http://a/{id}/of/{tenant}/', 'http://a'])(
    'may be %s',
    (upstream) => expect(parse({ match, upstream })).toHaveLength(1),
  )

  test.each([
    'https://{tenant}.api.example/',
    'https://{tenant}/',
    'https://api.{tenant}/x',
    'https://%7Btenant%7D.api.example/',
    'https:{tenant}/x',
    'https://api.example:{id}/',
    'https://{tenant}@api.example/',
  ])('A180: never takes its host from a request: %s', (upstream) => {
    expect(() => parse({ match, upstream })).toThrow('routes[0].upstream')
  })

  test.each(['http://a/{other}', 'http://a/x{id}', 'http://a/{id}.json', 'http://a/x?id={id}'])(
    'must not be %s',
    (upstream) => expect(() => parse({ match, upstream })).toThrow('routes[0].upstream'),
  )
})

describe('two routes', () => {
  test.each([
    ['/api/{id}', '/api/{other}'],
    ['/api/*', '/api/*'],
    ['/{a}/x/*', '/{b}/x/*'],
  ])('that match the same requests are refused, and both are named: %s, %s', (one, other) => {
    const routes = [{ ...api, match: one }, api, { ...api, match: other, methods: ['PUT', 'LINK'] }]
    if (one === api.match) routes.splice(1, 1)
    expect(() => parse(...routes)).toThrow(
      `routes[${routes.length - 1}].match: matches the same requests as "${one}" (routes[0]): PUT`,
    )
  })

  test.each([
    ['/api/{id}', '/api/{other}', ['POST']],
    ['/api/{id}', '/api/*', ['GET']],
    ['/api', '/api/*', ['GET']],
    ['/api/', '/api', ['GET']],
  ])('that do not stand beside each other: %s, %s %j', (one, other, methods) => {
    const routes = [
      { ...api, match: one, methods: ['GET'] },
      { ...api, match: other, methods },
    ]
    expect(parse(...routes)).toHaveLength(2)
  })
})

describe('what a route changes in headers', () => {
  test.each([
    { requestHeaders: { set: { 'X-API-Key': 'a b', 'x-user-id': '1' }, remove: ['User-Agent'] } },
    { responseHeaders: { set: { 'Strict-Transport-Security': 'max-age=60' }, remove: ['ETag'] } },
    { requestCookies: ['theme'], responseCookies: ['theme', 'a.b'] },
    { redirectOrigins: ['https://files.example'], cache: 'upstream' },
  ])('may be %j', (more) => expect(parse({ ...api, ...more })).toHaveLength(1))

  test('has names in lower case, and values that do not print', () => {
    const [route] = parse({ ...api, requestHeaders: { set: { 'X-Key': 'planted' } } })
    expect(Object.keys(route?.requestHeaders?.set ?? {})).toEqual(['x-key'])
    expect(JSON.stringify(route)).not.toContain('planted')
  })

  const hops = ['Connection', 'keep-alive', 'TE', 'Transfer-Encoding', 'Content-Length', 'Trailer']
  const ours = ['Authorization', 'DPoP', 'Cookie', 'Host', 'X-CSRF', 'Sallyport-Visitor']
  const said = ['X-Forwarded-For', 'x-forwarded-proto', 'traceparent', 'Proxy-Authorization']
  test.each([...hops, ...ours, ...said, 'Expect', 'Content-Type', 'x_y', ''])(
    'A092: a request’s %j is not for routes to set or remove',
    (name) => {
      const wrong = (requestHeaders: object) => () => parse({ ...api, requestHeaders })
      expect(wrong({ set: { [name]: 'x' } })).toThrow('routes[0].requestHeaders')
      expect(wrong({ remove: [name] })).toThrow('routes[0].requestHeaders')
    },
  )

  const answers = ['Set-Cookie', 'Access-Control-Allow-Origin', 'Location', 'Cache-Control']
  test.each([...hops.slice(0, 2), ...answers, 'X-Content-Type-Options', 'X-Accel-Redirect', 'a b'])(
    'A138: an answer’s %j is not for routes to set or remove',
    (name) => {
      const wrong = (responseHeaders: object) => () => parse({ ...api, responseHeaders })
      expect(wrong({ set: { [name]: 'x' } })).toThrow('routes[0].responseHeaders')
      expect(wrong({ remove: [name] })).toThrow('routes[0].responseHeaders')
    },
  )

  test.each(['\r\nX-Evil: 1', '\n', 'a\u0000', 'a\t', ' ', 'caf\u00e9'])(
    'A161: a value never breaks out of its line, and is not printed: %j',
    (value) => {
      for (const name of ['requestHeaders', 'responseHeaders']) {
        const attempt = () => parse({ ...api, [name]: { set: { 'x-a': `planted${value}` } } })
        expect(attempt).toThrow(`routes[0].${name}.set["x-a"]`)
        expect(attempt).not.toThrow('planted')
      }
    },
  )

  test('a name is set or removed, not both', () => {
    const requestHeaders = { set: { 'x-a': '1' }, remove: ['X-A'] }
    expect(() => parse({ ...api, requestHeaders })).toThrow('routes[0].requestHeaders.remove')
  })

  test.each(['__Host-Http-bff', '__host-http-bff', '__Secure-a', '__a', '', 'a=b', 'a b', 'a;b'])(
    'A150: %j is no cookie of an upstream',
    (name) => {
      expect(() => parse({ ...api, responseCookies: [name] })).toThrow('responseCookies[0]')
      expect(() => parse({ ...api, requestCookies: [name] })).toThrow('requestCookies[0]')
    },
  )

  test.each(['https://files.example/', 'https://*.example', 'files.example', 'javascript:', '*'])(
    'A154: %j is no origin',
    (text) => {
      expect(() => parse({ ...api, redirectOrigins: [text] })).toThrow('redirectOrigins[0]')
    },
  )
})
