import { type Html, html } from './html.ts'

/** A page that says one thing and offers a way on. */
export interface MessageView {
  heading: string
  text: string
  /** The way on: where, and what the button says. */
  next?: { uri: string; label: string } | undefined
  /** What helps whoever is asked for help. */
  facts?: Readonly<Record<string, string | undefined>>
}

/** An error, a stale page, the end of a sign-out. */
export function messagePage({ heading, text, next, facts = {} }: MessageView): Html {
  const known = Object.entries(facts).filter(([, value]) => value)
  return html`<h1>${heading}</h1>
<p class="lead">${text}</p>
${next && html`<a class="button" href="${next.uri}">${next.label}</a>`}
${known.length > 0 && html`<dl class="facts">${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`}`
}
