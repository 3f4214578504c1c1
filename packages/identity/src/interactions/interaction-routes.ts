import { timingSafeEqual } from 'node:crypto'
import { errors } from 'oidc-provider'
import type { Context, Middleware } from '../http/context.ts'
import { readForm } from '../http/form-body.ts'
import { isSameOrigin } from '../http/same-origin.ts'
import { sendPage } from '../http/security-headers.ts'
import { messagePage } from '../pages/message-page.ts'
import { startAgain } from '../pages/start-again.ts'
import { pages } from '../provider/routes.ts'
import { answerConsent, showConsent } from './consent-step.ts'
import {
  denied,
  finish,
  formTokenOf,
  type InteractionContext,
  type InteractionStep,
} from './interaction-step.ts'
import { answerSignIn, showSignIn } from './sign-in-step.ts'

const path = new RegExp(`^${pages.interaction}/[\\w-]{1,64}$`)
const methods = ['GET', 'HEAD', 'POST']

/** Serves sign-in and consent: a page for GET, the decision for POST. */
export function createInteractionRoutes(context: InteractionContext): Middleware {
  const { provider, config } = context
  const { host } = new URL(config.issuer)

  return async (ctx, next) => {
    if (!path.test(ctx.path)) return next()
    if (!methods.includes(ctx.method)) {
      ctx.status = 405
      ctx.set('Allow', methods.join(', '))
      return
    }
    try {
      const interaction = await provider.interactionDetails(ctx.req, ctx.res)
      if (!ctx.path.endsWith(`/${interaction.uid}`)) throw new errors.SessionNotFound('other uid')
      const clientName = config.clients.get(String(interaction.params.client_id))?.name ?? ''
      await serve({ ...context, ctx, interaction, host, clientName })
    } catch (error) {
      if (!(error instanceof errors.SessionNotFound)) throw error
      await showStale(ctx, context, host)
    }
  }
}

async function serve(step: InteractionStep): Promise<void> {
  const isConsent = step.interaction.prompt.name === 'consent'
  if (step.ctx.method !== 'POST') return isConsent ? showConsent(step) : showSignIn(step)

  const form = await readForm(step.ctx)
  if (!form || !isGenuine(step, form)) return showRejected(step)
  if (form.get('decision') === 'cancel') return finish(step, denied)
  return isConsent ? answerConsent(step, form) : answerSignIn(step, form)
}

function isGenuine(step: InteractionStep, form: ReadonlyMap<string, string>): boolean {
  const expected = Buffer.from(formTokenOf(step))
  const actual = Buffer.from(form.get('form_token') ?? '')
  const isOurs = actual.length === expected.length && timingSafeEqual(actual, expected)
  return isOurs && isSameOrigin(step.ctx, step.config.issuer)
}

function showRejected({ ctx, host, interaction, audit }: InteractionStep): void {
  audit.formRejected(String(interaction.params.client_id))
  sendPage(ctx, host, {
    status: 403,
    title: 'Form not accepted',
    body: messagePage({
      heading: 'This form was not accepted',
      text: 'It did not come from the page it belongs to, or arrived incomplete. Nothing has happened.',
      next: { uri: ctx.url, label: 'Back to the page' },
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
    }),
  })
}
