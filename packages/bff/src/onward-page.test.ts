import { expect, test } from 'vitest'
import { renderOnwardPage } from './onward-page.ts'

test.each([
  ['https://www.app.example/orders?page=2&sort=up#top', 'page=2&amp;sort=up#top'],
  [`https://www.app.example/a'b?c="><script>`, '/a&#39;b?c=%22%3E%3Cscript%3E"'],
  ['https://www.app.example/;url=https:evil', '/;url=https:evil"'],
])('the page that goes on to %s holds it as text', (url, text) => {
  const page = renderOnwardPage(new URL(url))
  expect(page).toContain(text)
  expect(page).toContain('<meta http-equiv="refresh" content="0;url=https://www.app.example/')
  expect(page).not.toContain('<script')
})
