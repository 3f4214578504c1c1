import { readFileSync } from 'node:fs'
import { createSecret, randomToken } from '@sallyport/core'
import { expect, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { type HeaderRow, requestTable, responseTable } from './header-table.ts'

const text = readFileSync(new URL('../../../../docs/proxy.md', import.meta.url), 'utf8')

function toMarkdown(table: readonly HeaderRow[]): string {
  const rows = table.map(({ names, fate, why, isForRoutes }) => {
    const shown = names.map((name) => (name === '*' ? 'all others' : `\`${name}\``)).join(' ')
    return `| ${shown} | ${fate} | ${why} | ${isForRoutes ? 'yes' : ''} |`
  })
  return ['| Field | | | A route may set it |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

test.each([
  ['request', requestTable],
  ['response', responseTable],
])('docs/proxy.md shows the %s table as it is', (_, table) => {
  expect(text).toContain(`\n\n${toMarkdown(table)}\n\n`)
})

const examples = [...text.matchAll(/```json\n([^`]+)```/g)].map(([, example = '']) => example)

test.each(examples)('the routes that docs/proxy.md shows fit: %s', (example) => {
  const options = {
    ...{ publicUrl: 'https://app.example', issuer: 'https://id.example', clientId: 'bff' },
    clientAuthentication: { secret: randomToken() },
    sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
  }
  const routes = JSON.parse(example.replaceAll(/\{ "\$file": "[^"]+" \}/g, '"text"'))
  expect(parseConfig({ ...options, routes }).routes).toHaveLength(routes.length)
})

test('docs/proxy.md shows examples', () => expect(examples.length).toBeGreaterThan(1))
