import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BffOptions } from '@sallyport/bff'
import { createSecret, randomToken, type SallyportError } from '@sallyport/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkGatewayOptions } from './check-options.ts'

const rest = { listen: { port: 0 }, store: { lmdbFolder: 'sessions' } }
const bff: BffOptions = {
  publicUrl: 'https://app.example',
  issuer: 'https://id.example',
  clientId: 'app',
  clientAuthentication: { secret: randomToken() },
  sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
}

let webFolder: string
beforeAll(() => {
  webFolder = mkdtempSync(join(tmpdir(), 'sallyport-web-'))
  writeFileSync(join(webFolder, 'index.html'), 'a page')
})
afterAll(() => rmSync(webFolder, { recursive: true }))

function pathsOf(options: Parameters<typeof checkGatewayOptions>[0]): string[] {
  try {
    checkGatewayOptions(options)
    return []
  } catch (error) {
    return (error as SallyportError).problems.map(({ path }) => path.join('.'))
  }
}

test('one frontend is named as it stands in the options', () => {
  expect(pathsOf({ ...rest, bff, webFolder })).toEqual([])
  const broken = { ...bff, issuer: 'http://id.example', routes: [{ match: 'x', upstream: 'y' }] }
  expect(pathsOf({ ...rest, bff: broken, webFolder: `${webFolder}/none` })).toEqual([
    ...['bff.issuer', 'bff.routes.0.match', 'bff.routes.0.upstream', 'webFolder'],
  ])
})

test('proxies that cannot be read are named too, before anything is opened', () => {
  const trustedProxies = { addresses: ['10.0.0.0/8', '10.0.0.300'], header: 'forwarded' as const }
  expect(pathsOf({ ...rest, bff, trustedProxies })).toEqual(['trustedProxies.addresses.1'])
  expect(pathsOf({ ...rest, bff, trustedProxies: { ...trustedProxies, addresses: [] } })).toEqual([
    'trustedProxies.addresses',
  ])
})

test('so are several, and what is between them', () => {
  const other = { ...bff, publicUrl: 'https://other.example', sealKeys: [] }
  const frontends = [{ bff, webFolder }, { bff: other, webFolder: 'none' }, { bff }]
  expect(pathsOf({ ...rest, frontends })).toEqual([
    ...['frontends.1.bff.sealKeys', 'frontends.2.bff.publicUrl', 'frontends.1.webFolder'],
  ])
})

test.each([
  [{ redis: { url: 'redis://planted@localhost' } }, []],
  [{ redis: { cluster: { rootNodes: [] }, timeoutMs: 5 } }, []],
  [{ redis: { url: 'http://planted@localhost' } }, ['store.redis.url: must be a URL']],
  [{ redis: { url: 'redis://localhost', client: {} } }, ['store.redis: needs one of']],
  [{ redis: {} }, ['store.redis: needs one of']],
  [{ redis: { url: 'redis://localhost', perfix: 'x' } }, ['did you mean "prefix"?']],
  [{ postgres: { url: 'postgresql://localhost/x', schema: 'own' } }, []],
  [
    { postgres: { url: 'planted', schema: 'X' } },
    ['store.postgres.url: ', 'store.postgres.schema'],
  ],
  [{ postgres: { url: 'postgres://localhost/x' }, lmdbFolder: 'y' }, ['store: must be one of']],
  [{}, ['store: must be one of']],
])('a store is checked before it is opened: %j', (store, problems) => {
  const attempt = () => checkGatewayOptions({ ...rest, bff, store: store as never })
  if (problems.length === 0) return expect(attempt).not.toThrow()
  for (const problem of problems) expect(attempt).toThrow(problem)
  expect(attempt).not.toThrow(/planted/)
})
