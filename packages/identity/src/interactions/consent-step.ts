import { sendPage } from '../http/security-headers.ts'
import { consentPage } from '../pages/consent-page.ts'
import { type InteractionStep, tokenOf } from './interaction-routes.ts'

interface Missing {
  missingOIDCScope?: string[]
  missingResourceScopes?: Record<string, string[]>
}

/** Shows what the application asks for beyond what it has. */
export function showConsent(step: InteractionStep): void {
  const { ctx, accounts, keys, interaction, host, clientName } = step
  const { missingOIDCScope = [], missingResourceScopes = {} } = missing(step)
  const account = accounts.find(interaction.session?.accountId ?? '')
  sendPage(ctx, host, {
    status: 200,
    title: 'Allow access',
    body: consentPage({
      clientName,
      accountName: account?.name ?? '',
      action: ctx.url,
      formToken: tokenOf(keys, interaction),
      identityScopes: missingOIDCScope,
      resourceScopes: missingResourceScopes,
    }),
    formTargets: [String(interaction.params.redirect_uri)],
  })
}

/** Records what the person agreed to. Anything but "allow" is a no. */
export async function answerConsent(
  step: InteractionStep,
  form: ReadonlyMap<string, string>,
): Promise<void> {
  const { ctx, provider, interaction, audit } = step
  const clientId = String(interaction.params.client_id)
  const accountId = interaction.session?.accountId
  const isAllowed = form.get('decision') === 'allow' && accountId !== undefined
  ctx.respond = false
  if (!isAllowed) {
    const error = { error: 'access_denied', error_description: 'the person said no' }
    await provider.interactionFinished(ctx.req, ctx.res, error)
    return
  }
  const stored = interaction.grantId ? await provider.Grant.find(interaction.grantId) : undefined
  const grant = stored ?? new provider.Grant({ accountId, clientId })
  const { missingOIDCScope, missingResourceScopes = {} } = missing(step)
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope)
  for (const [identifier, scopes] of Object.entries(missingResourceScopes)) {
    grant.addResourceScope(identifier, scopes)
  }
  const grantId = await grant.save()
  audit.consented(accountId, clientId)
  await provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId } })
}

function missing({ interaction }: InteractionStep): Missing {
  return interaction.prompt.details as Missing
}
