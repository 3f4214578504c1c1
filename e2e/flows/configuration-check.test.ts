import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomToken } from '@sallyport/core'
import { configurationJsonSchema } from '@sallyport/gateway'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createShopAndDesk, frontendOf, type Inside, signInAt } from '../world/inside.ts'
import { reloaded, runCommand, startProgram } from '../world/program.ts'

const environment = { SEAL_KEY: randomToken(), KEY_FILE: 'shop.jwk' }
const listening = { listen: { port: 0 }, store: { lmdbFolder: 'sessions' } }

let inside: Inside
beforeAll(async () => {
  inside = await createShopAndDesk()
  await inside.write('shop.jwk', JSON.stringify(inside.clientKey('shop', 'first')))
})
afterAll(() => inside.close())

function write(more?: object) {
  const options = { $schema: './schema.json', ...listening, ...frontendOf(inside, 'shop', more) }
  return inside.write('sallyport.config.json', JSON.stringify(options))
}

test('sallyport check says what fits, and what the issuer must know; it opens nothing', async () => {
  const file = await write({ issuer: 'https://nobody.example', issuerInternalUrl: undefined })
  const { code, stdout, stderr } = await runCommand(['check'], environment, inside.folder)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain(`${file} fits.`)
  expect(stdout).toContain('https://shop.example/bff/callback')
})

test.each(['check', 'gateway'])(
  'sallyport %s says all that is wrong, and ends with 1',
  async (name) => {
    const file = await write({ clientId: { $env: 'NONE' }, isuer: 'x' })
    expect(await runCommand([name, '--config', file])).toEqual({
      code: 1,
      stdout: '',
      stderr: [
        `${file}:`,
        '  bff.clientId: the environment variable NONE is not set',
        '  bff.sealKeys[0].key: the environment variable SEAL_KEY is not set',
        'ERR_CONFIG_INVALID: see docs/errors.md\n',
      ].join('\n'),
    })
    const { code, stderr } = await runCommand([name, '-c', file], { ...environment, NONE: 'x' })
    expect(code).toBe(1)
    expect(stderr).toContain('bff: unknown key "isuer": did you mean "issuer"?')
  },
)

test.each([
  [['chek'], 'unknown command "chek": did you mean "check"?'],
  [['check', '--confg', 'x'], "Unknown option '--confg'"],
  [['check', '--config', 'none.json'], 'none.json does not exist'],
  [['check', '--config', '/'], '/ must end in .json'],
])('sallyport %j is told what is wrong with it', async (args, problem) => {
  const { code, stdout, stderr } = await runCommand(args)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(problem)
})

test.each(['README.md', 'docs/configuration.md'])('what %s shows fits', async (document) => {
  const text = await readFile(join(import.meta.dirname, '../..', document), 'utf8')
  const [, shown = ''] = /```json\n([^`]+)```/.exec(text) ?? []
  for (const folder of ['shown', 'shown/dist'])
    await mkdir(join(inside.folder, folder), { recursive: true })
  await inside.write('shown/dist/index.html', 'a page')
  await inside.write('shown/client-key', JSON.stringify(inside.clientKey('shop', 'first')))
  await inside.write('shown/seal-key', randomToken())
  const file = await inside.write('shown/own.json', shown.replaceAll('/run/secrets/', ''))
  const surroundings = { PORT: '3000', CLIENT_SECRET: randomToken() }
  expect(await runCommand(['check', '--config', file], surroundings)).toMatchObject({
    ...{ code: 0, stderr: '' },
    stdout: expect.stringContaining('https://app.example/bff/callback'),
  })
})

test('sallyport schema prints the JSON Schema of the file', async () => {
  const { code, stdout } = await runCommand(['schema'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(configurationJsonSchema())))
})

/** As somebody writes it who wants types and code. */
const moduleText = (bff: string) => `
import { readFileSync } from 'node:fs'

interface Key { kid: string; key: string }

const { SEAL_KEY = '', KEY_FILE = '' } = process.env
const sealKeys: Key[] = [{ kid: 'k1', key: SEAL_KEY }]
const clientAuthentication = { privateKey: JSON.parse(readFileSync(KEY_FILE, 'utf8')) }

export default {
  ...${JSON.stringify(listening)},
  bff: { ...${bff}, sealKeys, clientAuthentication },
}
`

test('a module in TypeScript does as well, and is read again with all that it reads', async () => {
  const { bff } = frontendOf(inside, 'shop')
  const file = await inside.write('sallyport.config.ts', moduleText(JSON.stringify(bff)))
  const program = await startProgram(file, environment)
  const shop = 'https://shop.example'
  const open = () => inside.openBrowser({ [shop]: program.url })
  await signInAt(open(), shop)

  await inside.write('shop.jwk', JSON.stringify(inside.clientKey('shop', 'unknown')))
  program.signal('SIGHUP')
  await program.logged(reloaded)
  await expect(signInAt(open(), shop)).rejects.toThrow('ERR_IDP_CLIENT_REJECTED')

  const moved = JSON.stringify({ ...bff, publicUrl: 'https://moved.example' })
  await inside.write('sallyport.config.ts', moduleText(moved))
  await program.logged(reloaded, 2)
  expect((await open().open(`${shop}/bff/user`)).status).toBe(421)
  expect(await program.end()).toBe(0)

  await write()
  const both = await runCommand(['check'], environment, inside.folder)
  expect(both.stderr).toContain('sallyport.config.json and sallyport.config.ts are both there')
  const none = await runCommand(['check'], {}, join(inside.folder, 'identity'))
  expect(none.stderr).toContain('no sallyport.config.json in ')
})
