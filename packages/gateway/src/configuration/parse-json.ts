/**
 * Parses JSON. What V8 says of a mistake may quote what is around it, which may be a secret; this
 * says where it is.
 *
 * @throws SyntaxError with the line and the column
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const before = text.slice(0, placeOf(text, error as Error))
    const line = before.split('\n').length
    const column = before.length - before.lastIndexOf('\n')
    throw new SyntaxError(`is not JSON, from line ${line}, column ${column} on`)
  }
}

function placeOf(text: string, { message }: Error): number {
  const [, position] = / at position (\d+)/.exec(message) ?? []
  if (position !== undefined) return Number(position)
  return isTokenMistake(message) ? findToken(text) : text.length
}

/** The one mistake whose place V8 does not tell. */
function isTokenMistake(message: string): boolean {
  return message.startsWith('Unexpected token')
}

/** The shortest beginning of the text that has the mistake ends with it. */
function findToken(text: string): number {
  let good = 0
  let bad = text.length
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (hasTokenMistake(text.slice(0, middle))) bad = middle
    else good = middle
  }
  return good
}

function hasTokenMistake(text: string): boolean {
  try {
    JSON.parse(text)
    return false
  } catch (error) {
    return isTokenMistake((error as Error).message)
  }
}
