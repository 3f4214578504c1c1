import type { HeaderList } from './decision.ts'

/** All values of a field, in order. */
export function headerValues(headers: HeaderList, name: string): string[] {
  const values: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const written = headers[i] as string
    // Most names differ in length already, which is cheaper to see.
    if (written.length !== name.length || written.toLowerCase() !== name) continue
    values.push(headers[i + 1] as string)
  }
  return values
}

/** The value of a field that may occur once; `undefined` when absent or repeated. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  const values = headerValues(headers, name)
  return values.length === 1 ? values[0] : undefined
}

/**
 * Whether a person looks at the answer: a page of the browser, not a script's fetch. Errors become
 * pages for people and problems for scripts, never the reverse.
 */
export function isNavigation(headers: HeaderList): boolean {
  const mode = headerValue(headers, 'sec-fetch-mode')
  if (mode) return mode === 'navigate'
  return (headerValue(headers, 'accept') ?? '').includes('text/html')
}

/** Whether a request announces a body; an announced length of 0 is none. */
export function hasBody(headers: HeaderList): boolean {
  if (headerValues(headers, 'transfer-encoding').length > 0) return true
  return headerValues(headers, 'content-length').some((length) => length !== '0')
}
