import type { Page } from 'playwright-core'

/** The identity server's sign-in form. */
export function signInPage(page: Page) {
  return {
    username: page.getByLabel('User name'),
    password: page.getByLabel('Password'),
    problem: page.getByRole('alert'),

    /** Fills in and sends the form. The passwords of the demo are the names of its people. */
    async submit(username: string, password = username): Promise<void> {
      await page.getByLabel('User name').fill(username)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in' }).click()
    },
  }
}
