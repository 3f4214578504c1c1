import { type LoginParameters, parseLoginParameters } from '../login-parameters.ts'
import type { NativeAppConfig } from '../options/native-options.ts'
import { findApp, type RedirectTarget } from './redirect-uri.ts'

/** What an app asks for, as its sign-in carries it. */
export interface NativeRequest {
  readonly clientId: string
  /** As the app wrote it, port and all. */
  readonly redirectUri: string
  /** The app's own, handed back to it. */
  readonly state: string
  /** S256 (RFC 7636 section 4.2). */
  readonly codeChallenge: string
  /** Thumbprint of the key that code and session are bound to (RFC 9449 section 10). */
  readonly jkt: string
}

/** A request as it was read. */
export type ReadNativeRequest =
  /** Nobody may be sent anywhere. */
  | { readonly kind: 'unknown' }
  /** The app learns of it, as far as it said where and with which state. */
  | { readonly kind: 'refused'; readonly target: RedirectTarget; readonly problem: string }
  | {
      readonly kind: 'read'
      readonly native: NativeRequest
      readonly parameters: LoginParameters
      /** Whether only this app can get what is sent there. */
      readonly isClaimed: boolean
    }

const statePattern = /^[\x20-\x7E]{1,256}$/
/** 256 bits, base64url: a SHA-256. */
const hashPattern = /^[\w-]{43}$/

/**
 * Reads an authorization request of a native app. PKCE and a key are no choice; parameters that
 * are not known are not looked at.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252.html#section-8 RFC 8252, section 8},
 *   {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.1 RFC 6749, section 4.1.1}
 */
export function readNativeRequest(
  query: URLSearchParams,
  apps: readonly NativeAppConfig[],
): ReadNativeRequest {
  const clientId = once(query, 'client_id')
  const redirectUri = once(query, 'redirect_uri')
  const app = findApp(apps, { clientId, redirectUri })
  if (!app || clientId === undefined || redirectUri === undefined) return { kind: 'unknown' }

  const state = once(query, 'state')
  const isStated = state !== undefined && statePattern.test(state)
  const target = { redirectUri, ...(isStated && { state }) }
  const refused = (problem: string) => ({ kind: 'refused', target, problem }) as const
  if (!isStated) return refused('state is missing or malformed')
  if (once(query, 'response_type') !== 'code') return refused('response_type must be code')
  if (once(query, 'code_challenge_method') !== 'S256') {
    return refused('code_challenge_method must be S256')
  }
  const codeChallenge = once(query, 'code_challenge')
  if (!codeChallenge || !hashPattern.test(codeChallenge)) {
    return refused('code_challenge is missing or malformed')
  }
  const jkt = once(query, 'dpop_jkt')
  if (!jkt || !hashPattern.test(jkt)) return refused('dpop_jkt is missing or malformed')
  const { parameters, problem } = parseLoginParameters(query)
  if (problem) return refused(`${problem} is repeated or malformed`)
  return {
    kind: 'read',
    native: { clientId, redirectUri, state, codeChallenge, jkt },
    parameters,
    isClaimed: redirectUri.startsWith('https:'),
  }
}

/** The value of a parameter that is there once; what is repeated is as good as missing. */
function once(query: URLSearchParams, name: string): string | undefined {
  const [value, another] = query.getAll(name)
  return another === undefined ? value : undefined
}
