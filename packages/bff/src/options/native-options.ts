import { distinctBy, isLoopback, strictObject } from '@sallyport/core/options'
import * as z from 'zod'

/** An app on a device or desktop that signs people in by the system's browser (RFC 8252). */
export interface NativeAppOptions {
  clientId: string
  /**
   * What people know it by, in lists of their sessions.
   * @defaultValue `clientId`
   */
  name?: string | undefined
  /**
   * Where codes may be sent, compared as written: `https` URLs that the app has claimed,
   * `http://127.0.0.1/path` or `http://[::1]/path` for any port, or a scheme of the app's own that
   * is a domain name in reverse, `com.example.app:/path`.
   *
   * @see {@link https://www.rfc-editor.org/rfc/rfc8252.html#section-7 RFC 8252, section 7}
   */
  redirectUris: string[]
}

/** {@link NativeAppOptions}, complete. */
export interface NativeAppConfig {
  readonly clientId: string
  readonly name: string
  readonly redirectUris: readonly string[]
}

const loopback = /^http:\/\/(?:127\.0\.0\.1|\[::1\])\//
const privateUse = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:\/(?!\/)/

const redirectUri = z
  .string()
  .max(512, 'must have at most 512 characters')
  .refine((text) => URL.parse(text)?.href === text, 'must be a URL in its normal form')
  .refine((text) => !/[?#]/.test(text), 'must not contain a query or a fragment')
  .refine(isOfKnownKind, {
    error:
      'must be https, http://127.0.0.1/ or http://[::1]/ without a port, or a scheme with a dot and one slash',
  })

function isOfKnownKind(text: string): boolean {
  const url = URL.parse(text)
  const isAnonymous = url?.username === '' && url.password === ''
  if (!url || !isAnonymous) return false
  return url.protocol === 'https:' ? !isLoopback(url) : loopback.test(text) || privateUse.test(text)
}

/** The schema of a list of {@link NativeAppOptions}. */
export const nativeApps = distinctBy(
  'clientId',
  strictObject({
    clientId: z.string().regex(/^[\x21-\x7E]{1,128}$/, 'must be visible ASCII, at most 128 long'),
    name: z
      .string()
      .regex(/^[^\p{C}]{1,128}$/u)
      .optional(),
    redirectUris: z.array(redirectUri).min(1),
  }).transform((app) => ({ ...app, name: app.name ?? app.clientId })),
).default([])
