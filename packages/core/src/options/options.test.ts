import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import {
  absoluteUri,
  distinctBy,
  httpUrl,
  isLoopback,
  issuerIdentifier,
  parseOptions,
  scopeToken,
  secureUrl,
  strictObject,
} from './index.ts'

const schema = strictObject({
  issuer: issuerIdentifier,
  clients: distinctBy(
    'id',
    strictObject({
      id: z.string(),
      secret: z.string().min(8),
      scopes: z.array(scopeToken),
      home: secureUrl.optional(),
    }),
  ),
  kid: z.string().optional(),
  timeout: z.int().default(5),
})

const good = { issuer: 'https://id.example', clients: [] }

function messageOf(options: unknown): string {
  try {
    parseOptions(schema, options, 'test')
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_CONFIG_INVALID' })
    return (error as Error).message
  }
  throw new Error('they were accepted')
}

describe('options', () => {
  test('come back complete and frozen', () => {
    const parsed = parseOptions(schema, good, 'test')
    expect(parsed).toEqual({ ...good, timeout: 5 })
    expect(Object.isFrozen(parsed)).toBe(true)
  })

  test('A298: name all problems at once, one a line, each with its path, and print no value', () => {
    const client = { id: 'a', secret: 'hunter2', scopes: ['x y'], home: 'hunter9' }
    const message = messageOf({
      issuer: 'http://hunter3:hunter4@id.example/hunter5#hunter6',
      timout: 'hunter7',
      clients: [client, { ...client, secret: 'long-enough', scope: 'hunter8' }],
    })
    expect(message.split('\n')).toEqual([
      'test options:',
      '  issuer: must not contain a fragment',
      '  issuer: must not contain a user name or password',
      '  issuer: must be https: http is for loopback hosts only',
      expect.stringMatching(/^ {2}clients\[0\]\.secret: Too small/),
      '  clients[0].scopes[0]: must be a scope token: no space, quote or backslash',
      '  clients[0].home: is not an absolute URL',
      '  clients[1].scopes[0]: must be a scope token: no space, quote or backslash',
      '  clients[1].home: is not an absolute URL',
      '  clients[1]: unknown key "scope": did you mean "scopes"?',
      '  clients[1].id: "a" occurs twice',
      '  options: unknown key "timout": did you mean "timeout"?',
    ])
    expect(message).not.toMatch(/hunter/)
  })

  test.each([undefined, null, 'text', []])('that are none at all are refused: %j', (options) => {
    expect(messageOf(options)).toMatch(
      /^test options:\n {2}options: Invalid input: expected object/,
    )
  })

  test.each([
    ['Issuer', 'issuer'],
    ['cleints', 'clients'],
    ['kdi', 'kid'],
    ['x', undefined],
    ['telemetry', undefined],
  ])('an unknown key %s is taken for %s', (key, meant) => {
    const suggestion = meant ? `: did you mean "${meant}"?` : ''
    const expected = `test options:\n  options: unknown key "${key}"${suggestion}`
    expect(messageOf({ ...good, [key]: 1 })).toBe(expected)
  })

  test('several unknown keys are all named', () => {
    expect(messageOf({ ...good, x: 1, timeOut: 2 })).toContain(
      'unknown key "x"; unknown key "timeOut": did you mean "timeout"?',
    )
  })
})

const rules = { absoluteUri, httpUrl, secureUrl, issuerIdentifier }

describe('URLs', () => {
  test.each<[text: string, ...accepted: (keyof typeof rules)[]]>([
    ['https://id.example/a', 'absoluteUri', 'httpUrl', 'secureUrl', 'issuerIdentifier'],
    ['http://[::1]:3001', 'absoluteUri', 'httpUrl', 'secureUrl', 'issuerIdentifier'],
    ['https://id.example/a?b', 'absoluteUri', 'httpUrl', 'secureUrl'],
    ['https://id.example?', 'absoluteUri', 'httpUrl', 'secureUrl'],
    ['http://id.example', 'absoluteUri', 'httpUrl'],
    ['urn:example:api', 'absoluteUri'],
    ['javascript:alert(1)', 'absoluteUri'],
    ['https://alice@id.example', 'absoluteUri'],
    ['https://:secret@id.example', 'absoluteUri'],
    ['https://id.example/#a'],
    ['https://id.example/#'],
    [' https://id.example'],
    ['https://id.example\n'],
    ['//id.example'],
    ['id.example'],
    ['/path'],
    [''],
  ])('%j', (text, ...accepted) => {
    const passing = Object.entries(rules).filter(([, rule]) => rule.safeParse(text).success)
    expect(passing.map(([name]) => name)).toEqual(accepted)
    for (const [, rule] of passing) expect(rule.parse(text)).toBe(text)
  })

  test.each([
    ['http://localhost:3000', true],
    ['http://LOCALHOST', true],
    ['http://127.0.0.1', true],
    ['http://2130706433', true],
    ['http://[::1]:3000', true],
    ['http://[0:0:0:0:0:0:0:1]', true],
    ['http://app.localhost', false],
    ['http://localhost.', false],
    ['http://127.0.0.2', false],
    ['http://[::ffff:127.0.0.1]', false],
    ['http://localhost.evil.example', false],
    ['http://127.0.0.1.evil.example', false],
    ['http://0.0.0.0', false],
    ['http://10.0.0.1', false],
  ])('%s is this machine: %s', (url, expected) => {
    expect(isLoopback(new URL(url))).toBe(expected)
  })
})
