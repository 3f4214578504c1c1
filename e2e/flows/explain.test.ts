import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomToken } from '@sallyport/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand } from '../world/program.ts'

const planted = `planted-${randomToken()}`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-explain-'))
  await mkdir(join(folder, 'dist'))
  await writeFile(join(folder, 'dist/index.html'), 'a page')
  const bff = {
    ...{ publicUrl: 'https://app.example', issuer: 'https://nobody.example', clientId: 'app' },
    clientAuthentication: { secret: { $env: 'PLANTED' } },
    sealKeys: [{ kid: 'k1', key: { $env: 'SEAL_KEY' } }],
    allowedOrigins: ['https://www.app.example'],
    routes: [
      {
        ...{ match: '/api/{tenant}/files/*', upstream: 'http://files.internal/v2/{tenant}' },
        ...{ methods: ['GET'], audience: 'files', scopes: ['files.read'], timeout: 7 },
        requestHeaders: { set: { 'X-API-Key': { $env: 'PLANTED' } } },
      },
    ],
  }
  const rest = { listen: { port: 0 }, store: { lmdbFolder: 'sessions' }, webFolder: 'dist' }
  await writeFile(join(folder, 'sallyport.config.json'), JSON.stringify({ ...rest, bff }))
})
afterAll(() => rm(folder, { recursive: true }))

const environment = { PLANTED: planted, SEAL_KEY: randomToken() }
const explain = (...args: string[]) => runCommand(['explain', ...args], environment, folder)

test('sallyport explain says for people what becomes of a request, and no secret', async () => {
  const url = 'https://app.example/api/acme/files/a?x=1'
  const { code, stdout, stderr } = await explain('GET', url)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^upstream +http:\/\/files\.internal\/v2\/acme\/a\?x=1$/m)
  expect(stdout).toMatch(/^ +set +x-api-key: <set by the route>$/m)
  const json = await explain(
    'GET',
    '/api/acme/files/a?x=1',
    '--json',
    '-c',
    'sallyport.config.json',
  )
  expect(JSON.parse(json.stdout)).toMatchObject({
    frontend: 'https://app.example',
    outcome: { kind: 'route', upstream: 'http://files.internal/v2/acme/a?x=1', index: 0 },
    files: { folder: 'dist' },
  })
  expect(stdout + json.stdout).not.toContain(planted)
  expect(stdout + json.stdout).not.toContain(environment.SEAL_KEY)
})

test('sallyport explain says what is wrong with the question, before anything is read', async () => {
  const { code, stdout, stderr } = await explain('GET', '--config', 'none.json')
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('say what to explain: sallyport explain METHOD URL')
})

test('sallyport explain says when browsers reach the frontend elsewhere', async () => {
  const { code, stderr } = await explain('GET', 'http://app.example/')
  expect(code).toBe(0)
  expect(stderr).toContain('browsers reach this frontend at https://app.example')
})
