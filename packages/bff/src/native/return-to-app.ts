import type { RespondDecision } from '../decision.ts'
import type { BffConfig } from '../options.ts'
import { respondPage } from '../respond.ts'
import { type RedirectTarget, toResponseUrl } from './redirect-uri.ts'

/**
 * Sends the system's browser back to the app by a page that goes on at once, with a link for when
 * it does not. No redirect: browsers hold the whole chain that began with a sign-in form against
 * that form's policy, which cannot know the app's address; and some open an app only after a tap.
 */
export function returnToApp(
  target: RedirectTarget,
  response: Readonly<Record<string, string>>,
  { config, setCookies }: { config: BffConfig; setCookies: readonly string[] },
): RespondDecision {
  const { href } = toResponseUrl(target, response, config.frontend)
  return respondPage(
    {
      title: 'Back to the app',
      detail: 'The app goes on by itself. If it does not, use the link. This page can be closed.',
      link: { href, label: 'Open the app' },
    },
    { setCookies, headers: ['refresh', `0; url=${href}`] },
  )
}
