/** Markup that is safe to send. Only {@link html} makes it. */
export interface Html {
  readonly markup: string
}

type Value = string | number | undefined | false | Html | readonly Html[]

const made = new WeakSet<object>()

/** Writes markup: whatever is put into it is escaped, unless it is markup itself. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  let markup = parts[0] ?? ''
  for (const [index, value] of values.entries()) {
    markup += toMarkup(value) + (parts[index + 1] ?? '')
  }
  const result = Object.freeze({ markup })
  made.add(result)
  return result
}

function toMarkup(value: Value): string {
  if (value === undefined || value === false) return ''
  if (typeof value === 'string' || typeof value === 'number') return escapeText(String(value))
  if (Array.isArray(value)) return value.map(toMarkup).join('')
  // An object from elsewhere, such as parsed JSON, must not pass for markup.
  if (!made.has(value)) throw new TypeError('only html`` makes markup')
  return (value as Html).markup
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}

function escapeText(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => entities[character] ?? '')
}
