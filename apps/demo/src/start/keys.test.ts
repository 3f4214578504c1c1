import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { importJWK, type JWK, jwtVerify, SignJWT } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDemoSettings, type DemoKeyFiles } from '../settings.ts'
import { ensureKeys } from './keys.ts'

let folder: string
let files: DemoKeyFiles

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-keys-'))
  const ports = { bff: 1, identity: 2, orders: 3, inventory: 4 }
  const lifetimes = { accessToken: 60, sessionIdle: 60, sessionAbsolute: 60 }
  files = createDemoSettings({ ports, dataDir: folder, lifetimes }).keyFiles
})

afterEach(() => rm(folder, { recursive: true }))

test('makes pairs of keys that fit, and a seal key of 32 bytes', async () => {
  await ensureKeys(files)
  const privateJwk = await readJwk(files.bff)
  const publicJwk = await readJwk(files.bffPublic)
  expect(publicJwk).not.toHaveProperty('d')
  expect(publicJwk.kid).toBe(privateJwk.kid)
  expect((await readJwk(files.ordersApi)).kid).not.toBe(privateJwk.kid)
  const signing = new SignJWT({}).setProtectedHeader({ alg: 'ES256' })
  const signed = await signing.sign(await importJWK(privateJwk))
  await expect(jwtVerify(signed, await importJWK(publicJwk))).resolves.toBeDefined()
  expect(Buffer.from(await readFile(files.seal, 'utf8'), 'base64url')).toHaveLength(32)
})

test('lets only the owner read them, and leaves no drafts', async () => {
  await ensureKeys(files)
  const keys = dirname(files.seal)
  expect((await stat(keys)).mode & 0o777).toBe(0o700)
  for (const file of Object.values(files)) expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await readdir(keys)).sort()).toEqual([
    'bff.private.json',
    'bff.public.json',
    'orders-api.private.json',
    'orders-api.public.json',
    'seal.key',
  ])
})

test('keeps what is there, and makes only what is missing', async () => {
  await ensureKeys(files)
  const before = await readAll()
  await rm(files.ordersApiPublic)
  await ensureKeys(files)
  expect(await readAll()).toEqual(before)
})

test('two starters at once end up with the same keys', async () => {
  await Promise.all([ensureKeys(files), ensureKeys(files), ensureKeys(files)])
  expect((await readJwk(files.bffPublic)).kid).toBe((await readJwk(files.bff)).kid)
})

test.each([
  ['a private key cut short', 'bff', '{"kty":"EC"'],
  ['a private key without its secret', 'bff', '{"kty":"EC","crv":"P-256","kid":"a"}'],
  ['a public key of another pair', 'bffPublic', '{"kty":"EC","crv":"P-256","kid":"a"}'],
  ['an empty seal key', 'seal', ''],
] as const)('refuses %s, and says which file', async (_, name, text) => {
  await ensureKeys(files)
  await writeFile(files[name], text)
  await expect(ensureKeys(files)).rejects.toMatchObject({
    code: 'ERR_CONFIG_INVALID',
    message: expect.stringContaining(files[name]),
  })
})

test('refuses a public key file that holds the private key', async () => {
  await ensureKeys(files)
  await writeFile(files.bffPublic, await readFile(files.bff))
  await expect(ensureKeys(files)).rejects.toMatchObject({ code: 'ERR_CONFIG_INVALID' })
})

async function readJwk(file: string): Promise<JWK> {
  return JSON.parse(await readFile(file, 'utf8'))
}

function readAll(): Promise<string[]> {
  return Promise.all(Object.values(files).map((file) => readFile(file, 'utf8')))
}
