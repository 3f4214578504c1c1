import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Comment, parseSync } from 'oxc-parser'

/** The top-level statements of a module, with where they stand in its text. */
type Statement = ReturnType<typeof parseSync>['program']['body'][number]

interface Module {
  readonly file: string
  readonly text: string
  readonly comments: readonly Comment[]
  readonly statements: readonly Statement[]
}

/**
 * Describes what a declaration file exports: each name with its declaration, without comments, in
 * alphabetical order. What comes from another package is named with where it comes from.
 */
export function describeApi(file: string): string {
  const found = [...collectExports(readModule(file))]
  return found
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, declaration]) => `${declaration}\n`)
    .join('\n')
}

/** Declarations by exported name. */
function collectExports(module: Module): Map<string, string> {
  const found = new Map<string, string>()
  for (const statement of module.statements) {
    if (statement.type === 'ExportAllDeclaration') {
      const from = statement.source.value
      const target = resolveModule(module, from)
      const inside = target ? collectExports(target) : new Map([[from, `export * from '${from}'`]])
      for (const [name, declaration] of inside) found.set(name, declaration)
    }
    if (statement.type !== 'ExportNamedDeclaration') continue
    for (const name of declaredNames(statement.declaration)) {
      found.set(name, declarationOf(module, name))
    }
    for (const specifier of statement.specifiers) {
      const [local, exported] = [nameOf(specifier.local), nameOf(specifier.exported)]
      const from = statement.source?.value
      found.set(exported, follow(module, { local, exported, from }))
    }
  }
  return found
}

interface Reference {
  readonly local: string
  readonly exported: string
  readonly from: string | undefined
}

function follow(module: Module, { local, exported, from }: Reference): string {
  const rename = local === exported ? '' : `// exported as ${exported}\n`
  if (from === undefined) return `${rename}${declarationOf(module, local)}`
  const target = resolveModule(module, from)
  if (!target) return `${rename}export { ${local} } from '${from}'`
  const declaration = collectExports(target).get(local)
  if (!declaration) throw new Error(`${target.file} does not export ${local}`)
  return `${rename}${declaration}`
}

/** Every statement that declares the name: a function has one for each overload. */
function declarationOf(module: Module, name: string): string {
  const texts = module.statements.flatMap((statement) => {
    if (statement.type === 'ImportDeclaration') {
      const imports = statement.specifiers.some(({ local }) => local.name === name)
      return imports ? [`export { ${name} } from '${statement.source.value}'`] : []
    }
    const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    return declaredNames(declared).includes(name) ? [textOf(module, statement)] : []
  })
  if (texts.length === 0) throw new Error(`${module.file} does not declare ${name}`)
  return texts.join('\n')
}

function declaredNames(declaration: Statement | null): string[] {
  if (!declaration) return []
  if (declaration.type === 'VariableDeclaration') {
    return declaration.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []))
  }
  const id = 'id' in declaration ? declaration.id : null
  return id?.type === 'Identifier' ? [id.name] : []
}

function nameOf(node: { type: string; name?: string; value?: string }): string {
  return node.name ?? node.value ?? ''
}

/** The statement's text without comments. */
function textOf({ text, comments }: Module, { start, end }: Statement): string {
  const inside = comments.filter((comment) => comment.start >= start && comment.end <= end)
  let rest = ''
  let position = start
  for (const comment of inside) {
    rest += text.slice(position, comment.start)
    position = comment.end
  }
  rest += text.slice(position, end)
  return rest
    .split('\n')
    .filter((line) => /\S/.test(line))
    .join('\n')
}

function resolveModule(module: Module, specifier: string): Module | undefined {
  if (!specifier.startsWith('.')) return undefined
  const file = join(
    dirname(module.file),
    specifier.replace(/\.js$/, '.d.ts').replace(/(?<!\.d)\.ts$/, '.d.ts'),
  )
  return readModule(file)
}

function readModule(file: string): Module {
  if (!existsSync(file)) throw new Error(`${file} is missing: run "tsc -b" first`)
  const text = readFileSync(file, 'utf8')
  const { program, comments } = parseSync(file, text)
  return { file, text, comments, statements: program.body }
}
