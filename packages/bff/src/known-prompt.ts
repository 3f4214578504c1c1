import { SallyportError } from '@sallyport/core'
import type { LoginParameters } from './login-parameters.ts'
import type { OidcClient } from './oidc/oidc-client.ts'

/** Values of `prompt` that providers need not know. */
const optional = new Set(['create', 'select_account'])

/**
 * The same sign-in with a `prompt` that the issuer knows, when its metadata says which it does. One that
 * cannot let people choose among accounts asks for credentials instead: that lets them be anybody.
 *
 * @throws `ERR_IDP_UNSUITABLE` for `create` at an issuer where nobody can register.
 * @see {@link https://openid.net/specs/openid-connect-prompt-create-1_0.html#section-4.2 Initiating User Registration 1.0, section 4.2}
 */
export async function withKnownPrompt(
  parameters: LoginParameters,
  oidc: Pick<OidcClient, 'signOutMetadata'>,
): Promise<LoginParameters> {
  const asked = parameters.prompt?.split(' ') ?? []
  if (!asked.some((prompt) => optional.has(prompt))) return parameters
  const { promptValues } = await oidc.signOutMetadata()
  const isKnown = (prompt: string) => promptValues?.includes(prompt) ?? true
  if (asked.includes('create') && !isKnown('create')) {
    throw new SallyportError('ERR_IDP_UNSUITABLE', 'prompt_values_supported must contain create')
  }
  const known = asked.map((one) => (one === 'select_account' && !isKnown(one) ? 'login' : one))
  return { ...parameters, prompt: [...new Set(known)].join(' ') }
}
