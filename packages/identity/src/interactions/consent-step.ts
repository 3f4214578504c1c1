import { sendPage } from '../http/security-headers.ts'
import { consentPage } from '../pages/consent-page.ts'
import { denied, finish, formTokenOf, type InteractionStep } from './interaction-step.ts'

interface Missing {
  missingOIDCScope?: string[]
  missingResourceScopes?: Record<string, string[]>
}

/** Shows what the application asks for beyond what it has. */
export function showConsent(step: InteractionStep): void {
  const { ctx, accounts, interaction, host, clientName } = step
  const { missingOIDCScope = [], missingResourceScopes = {} } = missing(step)
  const account = accounts.find(interaction.session?.accountId ?? '')
  sendPage(ctx, host, {
    status: 200,
    title: 'Allow access',
    body: consentPage({
      clientName,
      accountName: account?.name ?? '',
      action: ctx.url,
      formToken: formTokenOf(step),
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
  const { provider, interaction, audit } = step
  const clientId = String(interaction.params.client_id)
  const accountId = interaction.session?.accountId
  if (form.get('decision') !== 'allow' || accountId === undefined) return finish(step, denied)
  const stored = interaction.grantId ? await provider.Grant.find(interaction.grantId) : undefined
  const grant = stored ?? new provider.Grant({ accountId, clientId })
  const { missingOIDCScope, missingResourceScopes = {} } = missing(step)
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope)
  for (const [identifier, scopes] of Object.entries(missingResourceScopes)) {
    grant.addResourceScope(identifier, scopes)
  }
  const grantId = await grant.save()
  audit.consented(accountId, clientId)
  await finish(step, { consent: { grantId } })
}

function missing({ interaction }: InteractionStep): Missing {
  return interaction.prompt.details as Missing
}
