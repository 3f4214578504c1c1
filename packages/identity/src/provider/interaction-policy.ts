import { errors, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider'
import { passwordAcr } from './sign-in-methods.ts'

/**
 * When to ask the person. The library's policy, and one check: it takes any `acr_values` for
 * satisfied, so a request for a level that no sign-in here reaches is refused instead.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9470.html#section-5 RFC 9470, section 5}
 */
export function createInteractionPolicy(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base()
  policy.get('login')?.checks.add(
    new interactionPolicy.Check('acr_values', 'the requested level cannot be reached', (ctx) => {
      assertReachable(ctx)
      return interactionPolicy.Check.NO_NEED_TO_PROMPT
    }),
  )
  return policy
}

/** The values of `prompt` that a policy knows how to follow. */
export function promptValues(policy: interactionPolicy.DefaultPolicy): string[] {
  return ['none', ...policy.map(({ name }) => name)]
}

function assertReachable(ctx: KoaContextWithOIDC): void {
  const requested = ctx.oidc.params?.acr_values
  if (typeof requested !== 'string') return
  if (requested.split(' ').includes(passwordAcr)) return
  throw new errors.UnmetAuthenticationRequirements('no sign-in here reaches the requested acr')
}
