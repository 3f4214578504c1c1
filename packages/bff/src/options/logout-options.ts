import { secureUrl, strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import { path } from './route-options.ts'

/** How signing out reaches the issuer, and how the issuer's reaches us. */
export interface LogoutOptions {
  /**
   * What tells the issuer whose session ends. `id_token` is what the standard recommends, and puts
   * the ID token into a URL; `sid` and `login_hint` send that claim of it as `logout_hint` instead,
   * for issuers that take it (OpenID Connect RP-Initiated Logout 1.0 section 2). Without the claim
   * it is the ID token.
   * @defaultValue 'login_hint' at Microsoft Entra ID, else 'id_token'
   */
  hint?: 'id_token' | 'sid' | 'login_hint' | undefined
  /**
   * Path of this application, below `applicationUrl`, where the issuer sends the browser afterwards.
   * The whole URL is registered there.
   * @defaultValue '/'
   */
  returnPath?: string | undefined
  /**
   * How the issuer wants to be asked. `oidc`: as the standard has it. `auth0`: its `/v2/logout`.
   * `cognito`: `logout_uri` in place of the standard's name. `local`: it is not asked, and the next
   * sign-in of that browser asks the person who signs in.
   * @defaultValue by the issuer's host and metadata; `local` for one that has no such place
   */
  shape?: LogoutShape | undefined
  /**
   * Where the issuer ends sessions, when its metadata does not say so.
   * @defaultValue the `end_session_endpoint` of the metadata
   */
  endpoint?: string | undefined
  backchannel?: BackchannelOptions | undefined
  /**
   * Whether `/bff/frontchannel` takes sign-outs from a frame in the issuer's pages. Nothing there
   * proves who asks: whoever knows a `sid` can end its session here, and no more than that.
   * @defaultValue false
   */
  frontchannel?: boolean | undefined
}

export interface BackchannelOptions {
  /**
   * Whether a logout token must say that it is one, by `typ: logout+jwt`. `optional` also takes those
   * that say `JWT` or nothing: Keycloak before 25 and many others send them. They are told from ID
   * tokens by `events`, and by having no `nonce`.
   * @defaultValue 'required'
   */
  typ?: 'required' | 'optional' | undefined
}

export type LogoutShape = 'oidc' | 'auth0' | 'cognito' | 'local'

/** {@link LogoutOptions}, complete but for what only the issuer knows. */
export interface LogoutConfig {
  readonly hint?: 'id_token' | 'sid' | 'login_hint' | undefined
  readonly returnPath: string
  readonly shape?: LogoutShape | undefined
  readonly endpoint?: URL | undefined
  readonly backchannel: { readonly typ: 'required' | 'optional' }
  readonly frontchannel: boolean
}

/** The schema of {@link LogoutOptions}. */
export const logout = strictObject({
  hint: z.enum(['id_token', 'sid', 'login_hint']).optional(),
  returnPath: path.default('/'),
  shape: z.enum(['oidc', 'auth0', 'cognito', 'local']).optional(),
  endpoint: secureUrl.transform((text) => new URL(text)).optional(),
  backchannel: strictObject({
    typ: z.enum(['required', 'optional']).default('required'),
  }).prefault({}),
  frontchannel: z.boolean().default(false),
})
  .refine((one) => !(one.shape === 'local' && one.endpoint), {
    path: ['endpoint'],
    message: 'is asked by nobody: logout.shape is local',
  })
  .prefault({})
