import { basename } from 'node:path'

/** Hard limit of a file's lines. Biome warns from 250 on. */
const maxLines = 400

/** Names that say nothing about what is inside. */
const emptyNames = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'manager', 'service']

/** Marks of work put off; spelled oddly, so that this file keeps its own rule. */
const leftovers = /\b(TO[D]O|FIX[M]E|XX[X])\b/

/**
 * Holds a source file to the house rules that no linter knows.
 *
 * @returns problems, one sentence each
 */
export function checkFile(path: string, text: string): string[] {
  const lines = text.split('\n').length - 1
  const names = path.split('/').map((name) => name.replace(/\..*$/, ''))
  const empty = names.find((name) => emptyNames.includes(name))
  const problems: string[] = []
  if (lines > maxLines) problems.push(`${path} has ${lines} lines: ${maxLines} is the limit`)
  if (empty) problems.push(`${path}: "${empty}" says nothing, name what it is about`)
  if (!/^\.?[a-z0-9]+([-.][a-z0-9]+)*$/.test(basename(path))) {
    problems.push(`${path}: file names are kebab-case`)
  }
  const leftover = leftovers.exec(text)
  if (leftover) problems.push(`${path} has a ${leftover[0]}: do it, or write an issue`)
  return problems
}
