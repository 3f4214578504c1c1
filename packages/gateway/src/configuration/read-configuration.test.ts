import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomToken } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfiguration } from './read-configuration.ts'
import type { Reading } from './read-text.ts'

let folder: string
let file: string
let reading: { seen: Map<string, string>; warnings: Set<string> } & Reading
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-configuration-'))
  file = join(folder, 'sallyport.config.json')
  reading = { seen: new Map(), warnings: new Set() }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const planted = `planted-${randomToken()}`
const sealKey = randomToken()

const bff = {
  ...{ publicUrl: 'https://app.example', issuer: 'https://id.example', clientId: 'app' },
  clientAuthentication: { secret: { $env: 'CLIENT_SECRET' } },
  sealKeys: [{ kid: 'k1', key: { $file: 'secrets/seal' } }],
}
const good = { listen: { port: 3000 }, store: { lmdbFolder: 'sessions' }, bff }

async function secretFile(name: string, text: string, mode = 0o600): Promise<string> {
  await mkdir(join(folder, 'secrets'), { recursive: true })
  const path = join(folder, 'secrets', name)
  await writeFile(path, text, { mode })
  await chmod(path, mode)
  return path
}

async function read(options: unknown, environment: Record<string, string> = {}) {
  await writeFile(file, typeof options === 'string' ? options : JSON.stringify(options))
  const everything = { CLIENT_SECRET: planted, ...environment }
  return readConfiguration({ file, environment: everything }, reading)
}

async function problemOf(options: unknown): Promise<string> {
  const error = await read(options).catch((error) => error)
  expect(error).toMatchObject({ code: 'ERR_CONFIG_INVALID' })
  return error.message
}

describe('a reference', () => {
  test('stands for a file or a variable, wherever it is, and as whatever it is', async () => {
    await secretFile('seal', `${sealKey}\n`)
    const { options } = await read(
      {
        $schema: 'https://example.com/schema.json',
        ...{ ...good, listen: { port: { $env: 'PORT', $parse: 'json' } } },
        bff: { ...bff, scopes: { $env: 'SCOPES', $parse: 'json' } },
      },
      { PORT: '4000', SCOPES: '["orders.read"]' },
    )
    expect(options).toEqual({
      ...{ ...good, listen: { port: 4000 } },
      bff: {
        ...{ ...bff, clientAuthentication: { secret: planted }, scopes: ['orders.read'] },
        sealKeys: [{ kid: 'k1', key: sealKey }],
      },
    })
  })

  test('loses one newline at the end of a file, and nothing else', async () => {
    const environment = {}
    for (const [text, expected] of [
      ['a\n', 'a'],
      ['a\r\n', 'a'],
      ['a\n\n', 'a\n'],
      [' a ', ' a '],
    ] as const) {
      await secretFile('seal', sealKey)
      await secretFile('id', text)
      const withId = { ...good, bff: { ...bff, clientId: { $file: 'secrets/id' } } }
      const { options } = await read(withId, environment)
      expect('bff' in options && options.bff.clientId).toBe(expected)
    }
  })

  test.each([
    [{ $file: 'secrets/none' }, /^ {2}bff\.clientId: .*\/secrets\/none does not exist: create it/m],
    [{ $file: 'secrets' }, /^ {2}bff\.clientId: .*\/secrets is a folder/m],
    [{ $file: 'secrets/empty' }, /^ {2}bff\.clientId: .*\/secrets\/empty is empty/m],
    [{ $file: 'secrets/bytes' }, /^ {2}bff\.clientId: .*\/secrets\/bytes is not UTF-8/m],
    [
      { $file: 'secrets/open' },
      /^ {2}bff\.clientId: .*\/secrets\/open may be written by everybody/m,
    ],
    [{ $env: 'NONE' }, /^ {2}bff\.clientId: the environment variable NONE is not set/m],
    [{ $env: 'CLIENT_SECRET', $parse: 'json' }, /^ {2}bff\.clientId: is not JSON, from line 1/m],
    [{ $env: 'A', $file: 'b' }, /^ {2}bff\.clientId: must have either \$file or \$env/m],
    [{ $parse: 'json' }, /^ {2}bff\.clientId: must have either/m],
    [{ $fil: 'x' }, /^ {2}bff\.clientId: unknown key "\$fil": did you mean "\$file"\?/m],
  ])('that leads nowhere is named with what to do: %j', async (clientId, problem) => {
    await secretFile('seal', sealKey)
    await secretFile('empty', '\n')
    await secretFile('open', 'x', 0o602)
    await writeFile(join(folder, 'secrets/bytes'), Buffer.from([0xff, 0xfe, 0x00]))
    const message = await problemOf({ ...good, bff: { ...bff, clientId } })
    expect(message).toMatch(problem)
    expect(message.startsWith(`${file}:\n`)).toBe(true)
    expect(message).not.toContain('planted')
  })

  test('to what everybody may read works, with a warning; the files are known', async () => {
    const path = await secretFile('seal', sealKey, 0o644)
    await read(good)
    expect([...reading.warnings]).toEqual([expect.stringContaining(`may read ${path}: chmod o-r`)])
    expect([...reading.seen.keys()]).toEqual([file, path])
  })
})

describe('a configuration file', () => {
  test('is refused with all problems, each by its path in the file', async () => {
    await secretFile('seal', 'planted')
    const listen = { port: 3000, hots: 'x' }
    const message = await problemOf({ ...good, listen, bff: { ...bff, isuer: 1 } })
    expect(message.split('\n')).toEqual([
      `${file}:`,
      '  listen: unknown key "hots": did you mean "host"?',
      expect.stringMatching(/^ {2}bff\.sealKeys: seal keys: the key of kid "k1" must be/),
      '  bff: unknown key "isuer": did you mean "issuer"?',
    ])
  })

  test.each([
    ['{\n  "a": 1\n  "b": "planted"\n}', 'line 3, column 3'],
    ['{\n  "b": "planted",\n  // planted\n}', 'line 3, column 3'],
    ['{"planted": planted}', 'line 1, column 13'],
    ['{"planted": "x"', 'line 1, column 16'],
    ['', 'line 1, column 1'],
  ])('that is not JSON is said to be so, with the place: %j', async (text, place) => {
    const message = await problemOf(text)
    expect(message).toBe(`${file} is not JSON, from ${place} on`)
  })

  test.each([['[]'], ['1'], ['null']])('that is no object is refused: %s', async (text) => {
    expect(await problemOf(text)).toMatch(/ {2}options: Invalid input: expected object/)
  })

  test('that everybody may write is refused', async () => {
    await writeFile(file, '{}')
    await chmod(file, 0o666)
    expect(await problemOf(good)).toBe(
      `${file} may be written by everybody on this machine: chmod o-w`,
    )
  })

  test('of another kind is refused', async () => {
    file = join(folder, 'sallyport.yaml')
    expect(await problemOf(good)).toMatch(/must end in \.json, \.ts/)
  })

  test('A298: never shows a secret, wherever it is wrong', async () => {
    await secretFile('seal', planted)
    for (const options of [
      { ...good, bff: { ...bff, issuer: { $env: 'CLIENT_SECRET' } } },
      { ...good, store: { redis: { url: { $env: 'CLIENT_SECRET' } } } },
      { ...good, bff: { ...bff, requestObjectKey: { $env: 'CLIENT_SECRET' } } },
    ]) {
      expect(await problemOf(options)).not.toContain(planted)
    }
  })
})
