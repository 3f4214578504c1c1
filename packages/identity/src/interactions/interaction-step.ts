import type { Provider } from 'oidc-provider'
import type { AccountStore } from '../accounts/account-store.ts'
import type { SignInThrottle } from '../accounts/sign-in-throttle.ts'
import type { AuditLog } from '../audit-log.ts'
import type { Context } from '../http/context.ts'
import { formToken, type ServerKeys } from '../keys/server-keys.ts'
import type { IdentityConfig } from '../options/parse-options.ts'

/** What the pages of an interaction work with. */
export interface InteractionContext {
  provider: Provider
  config: IdentityConfig
  keys: ServerKeys
  accounts: AccountStore
  throttle: SignInThrottle
  audit: AuditLog
}

/** What the provider wants to know from the person. */
export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/** One request to an interaction. */
export interface InteractionStep extends InteractionContext {
  ctx: Context
  interaction: Interaction
  host: string
  clientName: string
}

/** The anti-forgery value of an interaction's forms. */
export function formTokenOf({ keys, interaction }: InteractionStep): string {
  return formToken(keys, `interaction:${interaction.uid}`)
}

/** Sends the person back to the application with what came of it. */
export async function finish(
  { ctx, provider }: InteractionStep,
  result: Parameters<Provider['interactionResult']>[2],
): Promise<void> {
  const returnTo = await provider.interactionResult(ctx.req, ctx.res, result)
  ctx.status = 303
  ctx.redirect(returnTo)
}

/** What came of it when the person said no. */
export const denied = { error: 'access_denied', error_description: 'the person said no' }
