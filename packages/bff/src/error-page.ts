import { createHash } from 'node:crypto'
import { traceId } from '@sallyport/telemetry'

/** What a page says: one about an error has its code. */
export interface ErrorPage {
  title: string
  code?: string | undefined
  detail?: string | undefined
  link?: { href: string; label: string } | undefined
}

const style = `
:root { color-scheme: light dark; --ink: #1b2430; --soft: #5a6675; --paper: #f5f7fa; --card: #fff; --line: #d9e0e8; --accent: #0b5cad; --on-accent: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf3; --soft: #a5b1bf; --paper: #10151b; --card: #19212a; --line: #303b47; --accent: #7db8f5; --on-accent: #0c1a29 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; font: 1rem/1.55 system-ui, sans-serif; background: var(--paper); color: var(--ink) }
main { width: 100%; max-width: 30rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.3 }
p { margin: 0 0 1.25rem }
a { display: inline-block; padding: .6rem 1.1rem; border-radius: .5rem; background: var(--accent); color: var(--on-accent); text-decoration: none; font-weight: 600 }
a:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px }
small { display: block; margin-top: 1.5rem; color: var(--soft); font-size: .85rem; overflow-wrap: anywhere }
`

/** The page's only style, for its Content-Security-Policy. */
export const styleHash = `sha256-${createHash('sha256').update(style).digest('base64')}`

/** A whole page that tells a person what happened and what to do, without scripts. */
export function renderErrorPage(page: ErrorPage): string {
  const { title, code, detail, link } = page
  const id = traceId()
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title><style>${style}</style></head><body><main>`,
    `<h1>${escapeHtml(title)}</h1>`,
    detail ? `<p>${escapeHtml(detail)}</p>` : '',
    link ? `<a href="${escapeHtml(link.href)}">${escapeHtml(link.label)}</a>` : '',
    code ? `<small>${escapeHtml(code)}${id ? ` · trace ${escapeHtml(id)}` : ''}</small>` : '',
    '</main></body></html>',
  ].join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it stands in HTML, in an attribute too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string)
}
