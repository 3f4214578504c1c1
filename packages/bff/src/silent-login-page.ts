import { createHash } from 'node:crypto'
import type { SilentLoginMessage } from '@sallyport/core/contract'

const source: SilentLoginMessage['source'] = 'bff-silent-login'

/** What differs is in attributes, so that a policy can name the one script. */
const script = `
const { isLoggedIn, origin } = document.currentScript.dataset
const message = { source: '${source}', isLoggedIn: isLoggedIn === 'true' }
if (window.parent !== window) window.parent.postMessage(message, origin)
`

/** The page's script, as its Content-Security-Policy names it. */
export const silentLoginScriptHash = `sha256-${createHash('sha256').update(script).digest('base64')}`

/**
 * The last page of a hidden frame: it tells the page around it, if that is of this origin, whether
 * somebody is signed in now.
 *
 * @param origin the application's; a message to any other is never delivered.
 */
export function renderSilentLoginPage(isLoggedIn: boolean, origin: string): string {
  const facts = `data-is-logged-in="${isLoggedIn}" data-origin="${origin}"`
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Silent sign-in</title></head>',
    `<body><script ${facts}>${script}</script></body></html>`,
  ].join('')
}
