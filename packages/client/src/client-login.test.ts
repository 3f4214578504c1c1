import { expect, test } from 'vitest'
import { createClient } from './client.ts'
import { loginRequired } from './testing/answers.ts'
import { createBrowser } from './testing/browser.ts'

test('comes back to the current page, with its query and fragment', () => {
  const { page, assigned } = createBrowser(loginRequired).open('/orders?page=2#last')
  createClient({ basePath: '/shop' }, page).login()
  expect(assigned).toEqual(['/shop/bff/login?returnUrl=%2Forders%3Fpage%3D2%23last'])
})

test('comes back to the page that was asked for', () => {
  const { page, assigned } = createBrowser(loginRequired).open('/orders')
  createClient({}, page).login({ returnUrl: '/security' })
  expect(assigned).toEqual(['/bff/login?returnUrl=%2Fsecurity'])
})

test('passes on what the issuer is asked for, in its own names', () => {
  const { page, assigned } = createBrowser(loginRequired).open('/orders')
  createClient({}, page).login({
    returnUrl: '/pay?amount=1',
    prompt: 'login consent',
    loginHint: 'a&b@shop.test',
    acrValues: 'urn:mace:silver phr',
    maxAge: 0,
    uiLocales: 'de-AT en',
  })
  const query = new URL(assigned[0] ?? '', 'https://shop.test').searchParams
  expect(Object.fromEntries(query)).toEqual({
    returnUrl: '/pay?amount=1',
    prompt: 'login consent',
    login_hint: 'a&b@shop.test',
    acr_values: 'urn:mace:silver phr',
    max_age: '0',
    ui_locales: 'de-AT en',
  })
})

test('leaves out what is undefined', () => {
  const { page, assigned } = createBrowser(loginRequired).open('/orders')
  createClient({}, page).login({ returnUrl: undefined, prompt: 'create', maxAge: undefined })
  expect(assigned).toEqual(['/bff/login?returnUrl=%2Forders&prompt=create'])
})
