import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'

const file = join(import.meta.dirname, '../docs/benchmarks.md')

/** What kind of machine measured, without its name. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? process.arch
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${availableParallelism()} cores (${model}), ${memory} GiB, Node ${process.versions.node}`
}

/** Replaces one section of docs/benchmarks.md: what is between its two marks. */
export function writeSection(name: string, lines: readonly string[]): void {
  const text = readFileSync(file, 'utf8')
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no marks of ${name}`)
  const section = `${begin}\n\n${lines.join('\n')}\n\n`
  writeFileSync(file, `${text.slice(0, from)}${section}${text.slice(to)}`)
}

/** A table of Markdown, from its rows; the first is the head. */
export function toTable(rows: readonly (readonly (string | number)[])[]): string[] {
  const [head = [], ...rest] = rows.map((row) => row.map(String))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rest.map(line)]
}
