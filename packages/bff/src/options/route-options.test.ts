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
