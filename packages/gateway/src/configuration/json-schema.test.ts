import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomToken } from '@sallyport/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as z from 'zod'
import { configurationJsonSchema } from './json-schema.ts'
import { readConfiguration } from './read-configuration.ts'

const examples = join(import.meta.dirname, '../../../../examples/topologies')
const schema = z.fromJSONSchema(configurationJsonSchema() as never)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-schema-'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256' }
  for (const name of ['app', 'shop', 'desk']) {
    await writeFile(join(folder, `${name}-client-key`), JSON.stringify(jwk), { mode: 0o600 })
    await writeFile(join(folder, `${name}-seal-key`), randomToken(), { mode: 0o600 })
    await writeFile(join(folder, 'index.html'), 'a page')
  }
})
afterAll(() => rm(folder, { recursive: true }))

/** An example, with folders of this machine. */
async function readExample(name: string): Promise<object> {
  const text = await readFile(join(examples, name, 'sallyport.config.json'), 'utf8')
  return JSON.parse(
    text.replaceAll('/run/secrets', folder).replaceAll(/("webFolder": )"\w+"/g, `$1"${folder}"`),
  )
}

async function fits(options: unknown): Promise<boolean> {
  const file = join(folder, 'sallyport.config.json')
  await writeFile(file, JSON.stringify(options))
  return readConfiguration({ file, environment: { TEXT: 'text', NUMBER: '5' } }).then(
    () => true,
    () => false,
  )
}

/** Each way to put one of these values in the place of one there is. */
function* mutants(value: unknown): Generator<unknown> {
  yield* replacements
  if (Array.isArray(value)) {
    for (const [i, entry] of value.entries()) {
      for (const mutant of mutants(entry)) yield value.with(i, mutant)
    }
  } else if (typeof value === 'object' && value !== null) {
    yield { ...value, unknown: 1 }
    for (const [name, member] of Object.entries(value)) {
      const { [name]: _, ...others } = value as Record<string, unknown>
      yield others
      for (const mutant of mutants(member)) yield { ...value, [name]: mutant }
    }
  }
}

const replacements = [
  ...[null, true, 0, 5, -1, 0.5, '', 'text', '/text', 'https://a.example', [], ['text'], {}],
  ...[{ $env: 'TEXT' }, { $env: 'NUMBER', $parse: 'json' }, { $env: 'NONE' }, { $file: 1 }],
]

test.each(['one-gateway', 'bff-per-client/desk'])(
  'the JSON Schema refuses nothing that fits: %s and all that is near it',
  async (name) => {
    const example = await readExample(name)
    expect(await fits(example)).toBe(true)
    expect(schema.safeParse({ $schema: 'x', ...example }).success).toBe(true)
    const refused = [...mutants(example)].filter((mutant) => !schema.safeParse(mutant).success)
    expect(refused.length).toBeGreaterThan(300)
    for (const mutant of refused) {
      expect(await fits(mutant), JSON.stringify(mutant)).toBe(false)
    }
  },
)

test('it is the same for each of several frontends', async () => {
  const { frontends, ...rest } = (await readExample('api-per-client')) as { frontends: object[] }
  const accepts = (one: object) =>
    schema.safeParse({ ...rest, frontends: [...frontends, one] }).success
  expect(frontends.map(accepts)).toEqual([true, true])
  expect(accepts({ ...frontends[0], webfolder: 'x' })).toBe(false)
  expect(accepts({ bff: { publicUrl: 5 } })).toBe(false)
})

test('a reference may stand for a header that a route sets', () => {
  const accepts = (value: unknown) => {
    const route = { match: '/*', upstream: 'http://a', responseHeaders: { set: { 'x-a': value } } }
    return schema.safeParse({ bff: { publicUrl: 'https://a.example', routes: [route] } }).error
      ?.issues
  }
  const problems = (value: unknown) => JSON.stringify(accepts(value))
  expect(problems({ $env: 'TEXT' })).toBe(problems('text'))
  expect(problems(5)).not.toBe(problems('text'))
})

test('references may stand for what is configured of an upstream', async () => {
  const { bff, ...rest } = (await readExample('one-gateway')) as { bff: object }
  const accepts = (tls: object) => {
    const upstreams = { 'https://orders.internal': { tls } }
    return schema.safeParse({ ...rest, bff: { ...bff, upstreams } }).success
  }
  const named = { ca: { $file: 'ca' }, certificate: { $file: 'own' }, key: { $file: 'key' } }
  expect(accepts(named)).toBe(true)
  expect(accepts({ ...named, ky: 1 })).toBe(false)
  expect(accepts({ ...named, certificate: { $fil: 'own' } })).toBe(false)
})
