import { normalize } from '../accounts/account-store.ts'
import { sendPage } from '../http/security-headers.ts'
import { signInPage } from '../pages/sign-in-page.ts'
import { passwordAcr, passwordAmr } from '../provider/sign-in-methods.ts'
import { finish, formTokenOf, type InteractionStep } from './interaction-step.ts'

interface SignInState {
  username: string
  problem?: string
  status?: number
}

/** One text for all that may be wrong: it tells nobody which accounts exist. */
const wrong = 'The user name or password is incorrect.'

/** Shows the form; a `login_hint` fills in the user name. */
export function showSignIn(step: InteractionStep): void {
  const hint = step.interaction.params.login_hint
  show(step, { username: typeof hint === 'string' ? hint.slice(0, 128) : '' })
}

/** Checks user name and password, slowed down after failures. */
export async function answerSignIn(
  step: InteractionStep,
  form: ReadonlyMap<string, string>,
): Promise<void> {
  const { ctx, accounts, throttle, audit, interaction } = step
  const username = normalize(form.get('username') ?? '')
  const address = ctx.req.socket.remoteAddress ?? ''
  const wait = await throttle.begin(username, address)
  if (wait > 0) {
    audit.signInBlocked(accounts.subjectOf(username), address)
    ctx.set('Retry-After', String(wait))
    const seconds = wait === 1 ? '1 second' : `${wait} seconds`
    const problem = `Too many attempts. Wait ${seconds}, then try again.`
    return show(step, { username, problem, status: 429 })
  }
  const account = await accounts.authenticate(username, form.get('password') ?? '')
  if (!account) {
    audit.signInFailed(accounts.subjectOf(username), address)
    return show(step, { username, problem: wrong, status: 422 })
  }
  await throttle.succeed(username, address)
  audit.signedIn(account.subject, String(interaction.params.client_id))
  const { subject: accountId } = account
  const login = { accountId, acr: passwordAcr, amr: passwordAmr, remember: false }
  await finish(step, { login })
}

function show(step: InteractionStep, { username, problem, status = 200 }: SignInState): void {
  const { ctx, interaction, host, clientName } = step
  const view = { clientName, action: ctx.url, formToken: formTokenOf(step), username }
  sendPage(ctx, host, {
    status,
    title: problem ? 'Error: Sign in' : 'Sign in',
    body: signInPage(problem ? { ...view, problem } : view),
    formTargets: [String(interaction.params.redirect_uri)],
  })
}
