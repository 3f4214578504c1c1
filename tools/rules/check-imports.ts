import { posix } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'
import { mayImport, onlyFrom } from './import-table.ts'

/** What {@link checkImports} found. */
export interface ImportReport {
  /** How many modules were read. Zero means that the check looked in the wrong place. */
  readonly modules: number
  /** One sentence each. */
  readonly problems: readonly string[]
}

interface Import {
  readonly from: string
  readonly specifier: string
  /** The imported module's path; absent for a library. */
  readonly to?: string
}

/**
 * Holds modules to the import table: packages import only those they may, libraries with one home
 * stay there, nothing leaves its package by a relative path, and no module imports itself around
 * a corner. Types count: who imports a type depends on it.
 *
 * @param sources module path from the repository's root, and its text
 */
export function checkImports(sources: ReadonlyMap<string, string>): ImportReport {
  const imports = [...sources].flatMap(([from, text]) =>
    readSpecifiers(from, text).map((specifier) => toImport(from, specifier)),
  )
  const problems = [
    ...[...sources.keys()].flatMap((path) => checkPackageKnown(path)),
    ...imports.flatMap((one) => checkImport(one)),
    ...findCycles(imports, sources),
  ]
  return { modules: sources.size, problems: [...new Set(problems)] }
}

function readSpecifiers(path: string, text: string): string[] {
  const { program, errors } = parseSync(path, text)
  if (errors[0]) throw new Error(`${path} cannot be parsed: ${errors[0].message}`)
  const found: string[] = []
  const add = (source: unknown) => {
    const literal = source as { value?: unknown } | null
    if (typeof literal?.value === 'string') found.push(literal.value)
  }
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
  }).visit(program)
  return found
}

function toImport(from: string, specifier: string): Import {
  if (!specifier.startsWith('.')) return { from, specifier }
  return { from, specifier, to: posix.join(posix.dirname(from), specifier) }
}

function checkPackageKnown(path: string): string[] {
  const name = packageOf(path)
  return name && !mayImport[name] ? [`packages/${name} is not in the import table`] : []
}

function checkImport({ from, specifier, to }: Import): string[] {
  const library = to ? undefined : libraryOf(specifier)
  const home = library ? onlyFrom[library] : undefined
  if (home && isShipped(from) && !home.test(from))
    return [`${from} imports ${library}: only ${home.source} may`]

  const owner = packageOf(from)
  if (!owner) return []
  if (to) {
    const stays = packageOf(to) === owner
    return stays ? [] : [`${from} leaves its package by a relative path: ${specifier}`]
  }
  if (!specifier.startsWith('@sallyport/')) return []
  const wanted = specifier.slice('@sallyport/'.length)
  const allowed = mayImport[owner] ?? []
  const fits = [owner, ...allowed].some((name) => wanted === name || wanted.startsWith(`${name}/`))
  return fits ? [] : [`${from} imports ${wanted}: ${owner} may import ${listNames(allowed)}`]
}

/** Each cycle once, as the path around it. */
function findCycles(imports: readonly Import[], sources: ReadonlyMap<string, string>): string[] {
  const next = new Map<string, string[]>()
  for (const { from, to } of imports) {
    if (to && sources.has(to)) next.set(from, [...(next.get(from) ?? []), to])
  }
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' -> '))
    if (start >= 0 || done.has(path)) return
    for (const target of next.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of next.keys()) visit(path, [])
  return cycles.map((cycle) => `cycle: ${cycle}`)
}

function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1]
}

/** Tests may use a library as a stranger's program would, to try ours against it. */
function isShipped(path: string): boolean {
  return path.startsWith('packages/') && !/\.test\.tsx?$|\/testing\//.test(path)
}

function libraryOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function listNames(names: readonly string[]): string {
  return names.length > 0 ? names.join(', ') : 'nothing'
}
