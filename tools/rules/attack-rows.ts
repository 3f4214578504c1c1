/** A test file, by its path from the root. */
export interface TestFile {
  readonly path: string
  readonly text: string
}

/**
 * Rows of the table of attacks whose outcome depends on where sessions are kept: sign-ins, cookies,
 * renewals, sign-outs, frontends. A number that is missing here was never given to an attack.
 */
export const rowsAtStores: readonly string[] = [
  ...[1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 16, 17, 18, 20, 21, 22, 24, 25, 26, 28, 29, 30],
  ...[60, 61, 62, 64, 65, 66, 68, 69, 70, 72, 73, 74, 76, 77, 78, 80, 81, 82, 84],
  ...[220, 221, 222, 224, 225, 226, 228, 229, 230, 232, 233, 234],
  ...[240, 241, 242, 244, 245, 246, 248, 249, 250, 252, 253, 302],
].map((number) => `A${String(number).padStart(3, '0')}`)

/** What is wrong, a sentence for each row. */
export function checkAttackRows(
  rows: readonly string[],
  files: readonly TestFile[],
  isAtStores: (path: string) => boolean,
): string[] {
  const named = files.map(({ path, text }) => ({ path, rows: rowsIn(text) }))
  return rows.flatMap((row) => {
    const paths = named.filter((file) => file.rows.has(row)).map(({ path }) => path)
    if (paths.length === 0) return [`${row} is named by no test`]
    const flows = paths.filter((path) => path.startsWith('e2e/flows/'))
    if (flows.length === 0 || flows.some(isAtStores)) return []
    return [`${row} runs at no store that has a server: ${flows.join(', ')}`]
  })
}

/** The rows that a file's tests name; `A220-A222` names three. Comments name none. */
function rowsIn(text: string): Set<string> {
  const code = text.replace(/^\s*(\/\/|\/?\*).*$/gm, '')
  const rows = new Set<string>()
  for (const [, from = '', to = from] of code.matchAll(/\bA(\d{3})(?:-A(\d{3}))?\b/g)) {
    for (let number = Number(from); number <= Number(to); number += 1) {
      rows.add(`A${String(number).padStart(3, '0')}`)
    }
  }
  return rows
}
