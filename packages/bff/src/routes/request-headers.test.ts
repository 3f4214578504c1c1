import { createSecret } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { headerValues } from '../headers.ts'
import { connectionOptions, toUpstreamHeaders } from './request-headers.ts'
import { compile } from './route.fixture.ts'

const { requestRules: rules } = compile('/api/*', 'http://orders.internal:8080/v1')
const facts = {
  rules,
  publicUrl: new URL('https://app.example'),
  upstream: new URL('http://orders.internal:8080/v1'),
  credentials: ['authorization', 'Bearer ours'],
  clientAddress: '203.0.113.7',
  trace: { traceparent: '00-aaaa-bbbb-01' },
}

function send(headers: string[], credentials: readonly string[] = facts.credentials) {
  const head = { method: 'GET', target: '/api/x', headers, remoteAddress: '10.0.0.1' }
  return toUpstreamHeaders(head, { ...facts, credentials })
}

describe('headers to an upstream', () => {
  test('are the client’s own, and ours', () => {
    expect(send(['Accept', 'application/json', 'If-None-Match', '"1"'])).toEqual([
      ...['host', 'orders.internal:8080'],
      ...['accept', 'application/json', 'if-none-match', '"1"'],
      ...['x-forwarded-for', '203.0.113.7'],
      ...['x-forwarded-host', 'app.example'],
      ...['x-forwarded-proto', 'https'],
      ...['traceparent', '00-aaaa-bbbb-01'],
      ...['authorization', 'Bearer ours'],
    ])
  })

  test.each(['Bearer attacker', 'Basic YWRtaW46', ''])(
    'A090: Authorization %j of the client is dropped',
    (value) => {
      expect(headerValues(send(['Authorization', value]), 'authorization')).toEqual(['Bearer ours'])
      const anonymous = toUpstreamHeaders(
        { method: 'GET', target: '/', headers: ['Authorization', value], remoteAddress: '::1' },
        { ...facts, credentials: [] },
      )
      expect(headerValues(anonymous, 'authorization')).toEqual([])
    },
  )

  test.each([
    ['Connection', 'authorization'],
    ['connection', 'close, Authorization'],
    ['CONNECTION', 'x-forwarded-for , cookie,traceparent, host'],
  ])('A092: %s: %s takes nothing of ours away', (name, value) => {
    const headers = send([name, value, 'Connection', 'x-custom', 'X-Custom', 'gone', 'X-Kept', '1'])
    expect(headerValues(headers, 'authorization')).toEqual(['Bearer ours'])
    expect(headerValues(headers, 'x-forwarded-for')).toEqual(['203.0.113.7'])
    expect(headerValues(headers, 'traceparent')).toHaveLength(1)
    expect(headerValues(headers, 'host')).toEqual(['orders.internal:8080'])
    expect(headerValues(headers, 'x-custom')).toEqual([])
    expect(headerValues(headers, 'x-kept')).toEqual(['1'])
    expect(headerValues(headers, 'connection')).toEqual([])
  })

  test.each([
    [
      'A093',
      [
        'Keep-Alive',
        'Proxy-Authorization',
        'Proxy-Connection',
        'TE',
        'Trailer',
        'Upgrade',
        'HTTP2-Settings',
      ],
    ],
    [
      'A094',
      [
        'X-Forwarded-Port',
        'X-Forwarded-Prefix',
        'X-Forwarded-Uri',
        'Forwarded',
        'X-Real-IP',
        'X-Original-URL',
        'X-Rewrite-URL',
        'Via',
        'True-Client-IP',
        'X-HTTP-Method-Override',
      ],
    ],
    ['A096', ['X_Forwarded_User', 'X-Forwarded_User', 'X.User', 'x-FORWARDED-user', 'x_user_id']],
    [
      'A097',
      ['X-User-ID', 'X-Auth-Request-User', 'Remote-User', 'X-Remote-User', 'X-Forwarded-Groups'],
    ],
    ['A097: our own names', ['Sallyport-Visitor', 'sallyport-subject']],
    ['A100', ['Expect']],
    ['A102', ['X-Middleware-Subrequest', 'X-CSRF']],
    ['A105', ['__proto__', 'constructor_']],
    ['cookies', ['Cookie']],
  ])('%s: %j never pass', (_row, names) => {
    for (const name of names) {
      const values = headerValues(send([name, 'evil'], undefined), name.toLowerCase())
      expect(values, name).not.toContain('evil')
    }
  })

  test('A094: forwarded headers are the BFF’s word alone', () => {
    const headers = send([
      'X-Forwarded-For',
      '1.2.3.4',
      'X-Forwarded-Host',
      'evil',
      'X-Forwarded-Proto',
      'http',
    ])
    expect(headerValues(headers, 'x-forwarded-for')).toEqual(['203.0.113.7'])
    expect(headerValues(headers, 'x-forwarded-host')).toEqual(['app.example'])
    expect(headerValues(headers, 'x-forwarded-proto')).toEqual(['https'])
  })

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'multipart/form-data; boundary="a b"',
    'APPLICATION/JSON',
    'application/json ; charset=utf-8',
  ])('A101: Content-Type %j passes as it is', (value) =>
    expect(headerValues(send(['Content-Type', value]), 'content-type')).toEqual([value]),
  )

  test.each([
    'application/json\ttext',
    ' application/json',
    'application/json<script>',
    'json',
    'application/json, text/plain',
    'a/b; charset',
  ])('A101: Content-Type %j is refused', (value) =>
    expect(() => send(['Content-Type', value])).toThrow('Content-Type'),
  )

  test.each(['gzip, chunked', 'gzip', 'identity', ''])(
    'A110: Transfer-Encoding %j is refused: its body would pass undeclared',
    (value) => expect(() => send(['Transfer-Encoding', value])).toThrow('transfer coding'),
  )

  test('A101: two Content-Types are refused', () => {
    const twice = ['Content-Type', 'application/json', 'content-type', 'text/plain']
    expect(() => send(twice)).toThrow('Content-Type')
  })

  test('of a name that comes again in any case are judged the same', () => {
    for (const name of ['X-User', 'x-user', 'X-USER', 'X-User']) {
      expect(headerValues(send([name, 'evil', 'x-uses', '1']), 'x-user')).toEqual([])
    }
  })

  test('of more names than are remembered are judged all the same', () => {
    for (let i = 0; i < 2000; i += 1) {
      const headers = send([`X-Some-${i}`, '1', `X-User-${i}`, 'evil', 'x'.repeat(100 + i), '2'])
      expect(headerValues(headers, `x-some-${i}`)).toEqual(['1'])
      expect(headers).not.toContain('evil')
    }
  })
})

describe('what a route changes in requests', () => {
  const route = compile('/api/*', 'http://orders.internal', {
    requestHeaders: {
      set: { 'x-api-key': createSecret('ours'), 'x-forwarded-prefix': createSecret('/api') },
      remove: ['user-agent'],
    },
  })
  const sendThere = (headers: string[], cookies?: string) =>
    toUpstreamHeaders(
      { method: 'GET', target: '/', headers, remoteAddress: '::1' },
      { ...facts, rules: route.requestRules, cookies },
    )

  test('takes the place of what the client says, whatever the client says', () => {
    const headers = sendThere([
      ...['X-API-Key', 'evil', 'User-Agent', 'evil', 'X-Forwarded-Prefix', '/evil'],
      ...['Connection', 'x-api-key, x-forwarded-prefix', 'X-Kept', '1'],
    ])
    expect(headerValues(headers, 'x-api-key')).toEqual(['ours'])
    expect(headerValues(headers, 'x-forwarded-prefix')).toEqual(['/api'])
    expect(headerValues(headers, 'x-kept')).toEqual(['1'])
    expect(headers).not.toContain('evil')
  })

  test('is nothing of another route', () => {
    expect(headerValues(send(['User-Agent', 'x', 'X-API-Key', 'y']), 'x-api-key')).toEqual(['y'])
  })

  test('A152: cookies go on by name alone', () => {
    expect(headerValues(sendThere(['Cookie', 'a=1'], 'b=2'), 'cookie')).toEqual(['b=2'])
    expect(headerValues(sendThere(['Cookie', 'a=1'], ''), 'cookie')).toEqual([])
  })
})

test.each([
  [['Connection', 'keep-alive', 'Connection', 'close'], []],
  [
    ['CONNECTION', 'Keep-Alive, X-A'],
    ['keep-alive', 'x-a'],
  ],
  [
    ['connection', 'close', 'Connection', ' x-b ,,\tX-C'],
    ['x-b', '', 'x-c'],
  ],
  [['Connections', 'x-a', 'Connectioo', 'x-b'], []],
])('%j declares %j', (headers, names) => {
  expect([...connectionOptions(headers)]).toEqual(names)
})
