import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Chromium, launchChromium } from '../world/chromium.ts'
import { type DemoWorld, startDemoWorld } from '../world/demo-world.ts'
import { signInPage } from './pages/sign-in-page.ts'

let world: DemoWorld
let chromium: Chromium
beforeAll(async () => {
  ;[world, chromium] = await Promise.all([startDemoWorld(), launchChromium()])
})
afterAll(async () => {
  await chromium?.close()
  await world?.close()
})

test('without JavaScript: a wrong password, the right one, and the way out', async () => {
  await using visitor = await chromium.visit({ javaScriptEnabled: false })
  const page = await visitor.context.newPage()
  const form = signInPage(page)
  const heading = page.getByRole('heading', { level: 1 })
  const cookies = async () => (await visitor.context.cookies(world.app)).map(({ name }) => name)

  await page.goto(`${world.app}/bff/login?returnUrl=/orders`)
  await form.submit('alice', 'not-her-password')
  await form.problem.waitFor()
  expect(await form.problem.innerText()).toContain('incorrect')
  expect(await form.username.inputValue()).toBe('alice')
  expect(await form.password.inputValue()).toBe('')
  expect(await form.password.getAttribute('aria-invalid')).toBe('true')
  expect(await cookies()).not.toContain('__Host-Http-bff')

  await form.submit('alice')
  await page.waitForURL(`${world.app}/orders`)
  expect(await cookies()).toContain('__Host-Http-bff')
  await page.locator('noscript').waitFor()

  await page.goto(`${world.issuer}/sign-out`)
  expect(await heading.innerText()).toBe('Sign out?')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByText('You are signed out').waitFor()

  await page.goto(`${world.app}/bff/login`)
  await form.password.waitFor()
  expect(visitor.complaints).toEqual([])
})

test('without JavaScript: a sign-in can be given up, and is explained', async () => {
  await using visitor = await chromium.visit({ javaScriptEnabled: false })
  const page = await visitor.context.newPage()
  await page.goto(`${world.app}/bff/login?returnUrl=/orders`)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('ERR_LOGIN_DENIED').waitFor()
  expect(new URL(page.url()).origin).toBe(world.app)
  await page.getByRole('link', { name: 'Sign in again' }).click()
  await signInPage(page).submit('bob')
  await page.waitForURL(`${world.app}/orders`)
  expect(visitor.complaints).toEqual([])
})
