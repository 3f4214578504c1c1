import { type Html, html } from './html.ts'
import { styleSheet } from './style.ts'

/** One page. */
export interface Page {
  /** Of the window; the page's heading is in `body`. */
  title: string
  /** The server people are at. */
  host: string
  body: Html
}

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%232a4fd0' stroke-width='2.2' stroke-linecap='round'%3E%3Cpath d='M4 21V10a8 8 0 0 1 16 0v11M9 21v-9a3 3 0 0 1 6 0v9M2 21h20'/%3E%3C/svg%3E"

/** The whole document. */
export function renderPage({ title, host, body }: Page): string {
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="${icon}">
<style>${rawStyle}</style>
</head>
<body>
<main>
<p class="brand"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" aria-hidden="true"><path d="M4 21V10a8 8 0 0 1 16 0v11M9 21v-9a3 3 0 0 1 6 0v9M2 21h20"/></svg>Sallyport</p>
${body}
</main>
<footer>You are at ${host}</footer>
</body>
</html>
`.markup
}

// The sheet is our own text: escaping it would change what its hash was made of.
const rawStyle = html([styleSheet] as unknown as TemplateStringsArray)
