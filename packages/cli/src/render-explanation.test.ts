import { checkFrontends, explainRequest } from '@sallyport/bff'
import { createSecret, randomToken } from '@sallyport/core'
import { expect, test } from 'vitest'
import { renderExplanation } from './render-explanation.ts'

const config = checkFrontends({
  frontends: [
    {
      ...{ publicUrl: 'https://app.example', issuer: 'https://id.example', clientId: 'app' },
      clientAuthentication: { secret: `planted-${randomToken()}` },
      sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
      allowedOrigins: ['https://www.app.example'],
      routes: [
        {
          ...{ match: '/api/{tenant}/files/*', upstream: 'http://files.internal/v2/{tenant}' },
          ...{ methods: ['GET'], audience: 'files', scopes: ['files.read'], timeout: 7 },
          ...{ responseCookies: ['theme'], cache: 'upstream' as const },
          redirectOrigins: ['https://files.example'],
          requestHeaders: { set: { 'X-API-Key': 'planted' }, remove: ['Accept'] },
        },
      ],
    },
  ],
})

function render(method: string, target: string, { host = 'app.example', folder = 'dist' } = {}) {
  const files = { folder: folder || undefined, methods: ['GET', 'HEAD'] }
  return renderExplanation(explainRequest(config, { method, target, host }), files)
}

test.each([
  /^route +\/api\/\{tenant\}\/files\/\* \(routes\[0\]\), for GET$/m,
  /^upstream +http:\/\/files\.internal\/v2\/acme\/a\?x=1$/m,
  /^ +token +the user’s, asked for with the refresh token; audience files; scopes files\.read$/m,
  /^ +token +refused: 401 ERR_LOGIN_REQUIRED$/m,
  /^ +set +x-api-key: <set by the route>$/m,
  /^ +removed +accept$/m,
  /^ +dropped +connection .*: is for one hop/m,
  /^ +set +x-content-type-options: nosniff$/m,
  /^cache +as the upstream says$/m,
  /^cookies +theme$/m,
  /^redirects +mapped by the routes, https:\/\/files\.example$/m,
  /^CORS +https:\/\/www\.app\.example, for GET$/m,
  /^limits +an answer begins within 7 s$/m,
])('of a route it says %s', (line) => {
  const text = render('GET', '/api/acme/files/a?x=1')
  expect(text).toMatch(line)
  expect(text).not.toContain('planted')
})

test.each([
  ['POST', '/api/acme/files', /^answer +405 ERR_METHOD_NOT_ALLOWED: .*\nwhy .* for GET\nother/m],
  ['OPTIONS', '/api/acme/files', /a preflight of an allowed origin is answered/],
  ['GET', '/api/%2e%2e/files', /^answer +400 ERR_REQUEST_INVALID: .*\nwhy .*dot segment/m],
  ['GET', '/api/acme/filez', /^route +none\nanswer +a file of dist.*\n.*has "files" where/ms],
  ['PUT', '/page', /^answer +405 ERR_METHOD_NOT_ALLOWED: files are for GET, HEAD$/m],
  ['GET', '/bff/login', /^endpoint +GET \/bff\/login .*\ntakes +a top-level navigation/m],
])('%s %s is explained', (method, target, expected) => {
  expect(render(method, target)).toMatch(expected)
})

test('without files, and without a frontend, it says so', () => {
  expect(render('GET', '/page', { folder: '' })).toContain('404 ERR_ROUTE_NOT_FOUND: there is no')
  expect(render('GET', '/', { host: 'x.example' })).toMatch(/^answer +421 ERR_HOST_UNKNOWN/m)
})
