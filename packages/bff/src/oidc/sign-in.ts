import type { EpochSeconds } from '@sallyport/core'
import type { LoginParameters } from '../login-parameters.ts'
import type { DpopKey } from './dpop-key.ts'

/** What one sign-in must prove when it comes back. Kept in the browser, sealed. */
export interface SignInSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  /** The key that the session's access tokens will be bound to, if they are to be. */
  readonly dpopKey?: DpopKey | undefined
}

/** What was asked of one sign-in beyond the usual, to be verified when it comes back. */
export interface SignInDemands {
  readonly parameters?: LoginParameters | undefined
  /** When it was asked. */
  readonly createdAt?: EpochSeconds | undefined
}
