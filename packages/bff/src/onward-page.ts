import { escapeHtml } from './error-page.ts'

/** A page that goes on to another one by itself, without scripts. */
export function renderOnwardPage(location: URL): string {
  const href = escapeHtml(location.href)
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="refresh" content="0;url=${href}">`,
    `<title>One moment</title></head><body><a href="${href}">Go on</a></body></html>`,
  ].join('')
}
