import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { problemTypePrefix } from './contract.ts'
import { type ErrorCode, errorCatalogue } from './errors.ts'

const parts = ['Meaning', 'Cause', 'What to do']
const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
const [, ...chapters] = text.split(/^## /m)
const sections = new Map(
  chapters.map((chapter) => {
    const [title = '', ...body] = chapter.split('\n')
    return [title.trim(), body.join('\n')] as const
  }),
)

test('docs/errors.md has one section a code, in the order of the catalogue, and no other', () => {
  expect(chapters).toHaveLength(sections.size)
  expect([...sections.keys()]).toEqual(Object.keys(errorCatalogue))
})

test.each(Object.keys(errorCatalogue) as ErrorCode[])('docs/errors.md explains %s', (code) => {
  const { status, type } = errorCatalogue[code]
  const paragraphs = (sections.get(code) ?? '').trim().split('\n\n')
  expect(paragraphs.shift()).toBe(`Status ${status}, type \`${problemTypePrefix}${type}\`.`)
  expect(paragraphs.map((paragraph) => /^\*\*(.+?)\.\*\* /.exec(paragraph)?.[1])).toEqual(parts)
  for (const paragraph of paragraphs) {
    expect(paragraph.length).toBeGreaterThan(40)
    expect(paragraph).not.toMatch(/\b(todo|tbd|fixme)\b/i)
  }
})
