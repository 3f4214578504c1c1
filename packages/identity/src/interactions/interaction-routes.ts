import { timingSafeEqual } from 'node:crypto'
import { traceId } from '@sallyport/telemetry'
import { errors, type Provider } from 'oidc-provider'
import type { AccountStore } from '../accounts/account-store.ts'
import { normalize } from '../accounts/account-store.ts'
import type { SignInThrottle } from '../accounts/sign-in-throttle.ts'
import type { AuditLog } from '../audit-log.ts'
import type { Context, Middleware } from '../http/context.ts'
import { readForm } from '../http/form-body.ts'
import { isSameOrigin } from '../http/same-origin.ts'
import { sendPage } from '../http/security-headers.ts'
import { formToken, type ServerKeys } from '../keys/server-keys.ts'
import type { IdentityConfig } from '../options/parse-options.ts'
import { messagePage } from '../pages/message-page.ts'
import { signInPage } from '../pages/sign-in-page.ts'
import { startAgain } from '../pages/start-again.ts'
import { pages } from '../provider/routes.ts'
import { passwordAcr, passwordAmr } from '../provider/sign-in-methods.ts'
import { answerConsent, showConsent } from './consent-step.ts'

/** What the pages of an interaction work with. */
export interface InteractionContext {
  provider: Provider
  config: IdentityConfig
  keys: ServerKeys
  accounts: AccountStore
  throttle: SignInThrottle
  audit: AuditLog
}

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/** One request to an interaction. */
export interface InteractionStep extends InteractionContext {
  ctx: Context
  interaction: Interaction
  host: string
  clientName: string
}

const path = new RegExp(`^${pages.interaction}/[\\w-]{1,64}$`)
const wrong = 'The user name or the password is not right.'

/** Serves sign-in and consent: a page for GET, the decision for POST. */
export function createInteractionRoutes(context: InteractionContext): Middleware {
  const { provider, config } = context
  const { host } = new URL(config.issuer)

  return async (ctx, next) => {
    if (!path.test(ctx.path)) return next()
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD' && ctx.method !== 'POST') {
      ctx.status = 405
      ctx.set('Allow', 'GET, POST')
      return
    }
    try {
      const interaction = await provider.interactionDetails(ctx.req, ctx.res)
      if (!ctx.path.endsWith(`/${interaction.uid}`)) throw new errors.SessionNotFound('other uid')
      const client = config.clients.get(String(interaction.params.client_id))
      const clientName = client?.name ?? ''
      await serve({ ...context, ctx, interaction, host, clientName })
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error
      await showStale(ctx, context, host)
    }
  }
}

async function serve(step: InteractionStep): Promise<void> {
  const { ctx, interaction } = step
  const isConsent = interaction.prompt.name === 'consent'
  if (ctx.method !== 'POST') {
    if (isConsent) showConsent(step)
    else showSignIn(step, { username: loginHint(interaction) })
    return
  }
  const form = await readForm(ctx)
  if (!form || !isGenuine(step, form)) return showRejected(step)
  if (form.get('decision') === 'cancel') return cancel(step)
  if (isConsent) return answerConsent(step, form)
  return signIn(step, form)
}

async function signIn(step: InteractionStep, form: ReadonlyMap<string, string>): Promise<void> {
  const { ctx, provider, accounts, throttle, audit, interaction } = step
  const username = normalize(form.get('username') ?? '')
  const address = ctx.req.socket.remoteAddress ?? ''
  const wait = await throttle.begin(username, address)
  if (wait > 0) {
    audit.signInBlocked(username, address)
    ctx.set('Retry-After', String(wait))
    const problem = `Too many attempts. Wait ${wait === 1 ? '1 second' : `${wait} seconds`}, then try again.`
    return showSignIn(step, { username, problem, status: 429 })
  }
  const account = await accounts.authenticate(username, form.get('password') ?? '')
  if (!account) {
    audit.signInFailed(username, address)
    return showSignIn(step, { username, problem: wrong, status: 422 })
  }
  await throttle.succeed(username, address)
  audit.signedIn(account.subject, String(interaction.params.client_id))
  ctx.respond = false
  await provider.interactionFinished(ctx.req, ctx.res, {
    login: { accountId: account.subject, acr: passwordAcr, amr: passwordAmr, remember: false },
  })
}

async function cancel({ ctx, provider }: InteractionStep): Promise<void> {
  ctx.respond = false
  await provider.interactionFinished(ctx.req, ctx.res, {
    error: 'access_denied',
    error_description: 'the person said no',
  })
}

interface SignInState {
  username: string
  problem?: string
  status?: number
}

function showSignIn(step: InteractionStep, { username, problem, status = 200 }: SignInState): void {
  const { ctx, keys, interaction, host, clientName } = step
  const view = { clientName, action: ctx.url, formToken: tokenOf(keys, interaction), username }
  sendPage(ctx, host, {
    status,
    title: problem ? 'Error: Sign in' : 'Sign in',
    body: signInPage(problem ? { ...view, problem } : view),
    formTargets: [String(interaction.params.redirect_uri)],
  })
}

function showRejected({ ctx, host, interaction, audit }: InteractionStep): void {
  audit.formRejected(String(interaction.params.client_id))
  sendPage(ctx, host, {
    status: 403,
    title: 'Form not accepted',
    body: messagePage({
      heading: 'This form was not accepted',
      text: 'It did not come from the page it belongs to, or was sent incompletely. Nothing has happened.',
      next: { uri: ctx.url, label: 'Back to the page' },
      facts: { Reference: traceId() },
    }),
  })
}

/** The person came back to a page whose interaction is over, or has it open elsewhere. */
async function showStale(ctx: Context, context: InteractionContext, host: string): Promise<void> {
  const { provider, config } = context
  const session = await provider.Session.get(ctx)
  const clientId = typeof ctx.query.client === 'string' ? ctx.query.client : undefined
  const isSignedIn = session.accountId !== undefined
  sendPage(ctx, host, {
    status: 410,
    title: isSignedIn ? 'Already signed in' : 'Page out of date',
    body: messagePage({
      heading: isSignedIn ? 'You are already signed in' : 'This page is out of date',
      text: isSignedIn
        ? 'This sign-in is finished. Go on in the application.'
        : 'This sign-in was finished, has expired, or was started in another browser. Start again from the application.',
      next: startAgain(config.clients, clientId),
      facts: { Reference: traceId() },
    }),
  })
}

function isGenuine(step: InteractionStep, form: ReadonlyMap<string, string>): boolean {
  const { ctx, config, keys, interaction } = step
  const expected = Buffer.from(tokenOf(keys, interaction))
  const actual = Buffer.from(form.get('form_token') ?? '')
  const isOurs = actual.length === expected.length && timingSafeEqual(actual, expected)
  return isOurs && isSameOrigin(ctx, config.issuer)
}

/** The anti-forgery value of an interaction's forms. */
export function tokenOf(keys: ServerKeys, interaction: Interaction): string {
  return formToken(keys, `interaction:${interaction.uid}`)
}

function loginHint(interaction: Interaction): string {
  const hint = interaction.params.login_hint
  return typeof hint === 'string' ? hint.slice(0, 128) : ''
}
