import type { HeaderList } from '../decision.ts'
import { type HeaderFate, type HeaderRow, requestTable, responseTable } from './header-table.ts'

/** What becomes of one field. */
export interface HeaderRule {
  /** In lower case. */
  readonly name: string
  readonly fate: HeaderFate
}

/** Looks up what becomes of a field, by its name as it came. */
export type FindHeaderRule = (name: string) => HeaderRule

/** A direction's policy on one route: the table, and what the route changes in it. */
export interface HeaderRules {
  readonly of: FindHeaderRule
  /** What the route itself says, last. */
  readonly added: HeaderList
}

/** What a route says besides. */
interface HeaderChanges {
  readonly added: HeaderList
  readonly removed: readonly string[]
}

/** Names that are longer, or more of them, are looked up anew each time. */
const longestRemembered = 64
const mostRemembered = 512

/** Both directions, for all routes of a frontend. */
export function createHeaderRules() {
  return {
    request: remember(requestRow),
    response: remember(responseRow),
  }
}

/** The row of a request's field, by its name in lower case. */
export const requestRow = createTable(requestTable, /^[a-z0-9-]+$/)

/** The row of a response's field, by its name in lower case. */
export const responseRow = createTable(responseTable)

/** The rules of one route. What it adds or removes does not pass in the other side's words. */
export function changeRules(of: FindHeaderRule, { added, removed }: HeaderChanges): HeaderRules {
  const names = added.filter((_, i) => i % 2 === 0)
  const changed = new Map([...removed, ...names].map((name) => [name, dropped(name)]))
  if (changed.size === 0) return { of, added }
  return {
    added,
    of(name) {
      const rule = of(name)
      return changed.get(rule.name) ?? rule
    },
  }
}

type FindRow = (name: string) => HeaderRow | undefined

function createTable(table: readonly HeaderRow[], names?: RegExp): FindRow {
  const exact = new Map(table.flatMap((row) => row.names.map((name) => [name, row])))
  const prefixes = [...exact.keys()].filter((name) => name.endsWith('*'))
  // The empty one of `*` comes last, as the longest comes first.
  prefixes.sort((a, b) => b.length - a.length)
  return (name) => {
    if (names && !names.test(name)) return undefined
    const found = exact.get(name)
    if (found) return found
    const prefix = prefixes.find((one) => name.startsWith(one.slice(0, -1)))
    return prefix === undefined ? undefined : exact.get(prefix)
  }
}

/** The same names come again and again: what was found is kept for them, as they are written. */
function remember(findRow: FindRow): FindHeaderRule {
  const known = new Map<string, HeaderRule>()
  return (written) => {
    const found = known.get(written)
    if (found) return found
    const name = written.toLowerCase()
    const rule = { name, fate: findRow(name)?.fate ?? 'dropped' }
    if (written.length <= longestRemembered) {
      if (known.size >= mostRemembered) known.clear()
      known.set(written, rule)
    }
    return rule
  }
}

function dropped(name: string): HeaderRule {
  return { name, fate: 'dropped' }
}
