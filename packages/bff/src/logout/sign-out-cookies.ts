import {
  type Clock,
  type CookiePair,
  createSealer,
  expireCookie,
  serializeCookie,
  uniqueCookie,
} from '@sallyport/core'
import { paths } from '@sallyport/core/contract'
import { cookieNames } from '../cookie-names.ts'
import type { BffConfig } from '../options.ts'
import type { LogoutHint } from './issuer-logout.ts'

/** What is needed to end the issuer's session, also when ours is long gone. */
export interface SignOutHint extends LogoutHint {
  /** What a link must name: see `logoutSid`. */
  readonly sid: string
  /** When it was signed in. */
  readonly createdAt: number
  /** When the person signed out here, on the way to the issuer. */
  readonly confirmedAt?: number | undefined
}

/** The cookies that outlive a session. */
export interface SignOutCookies {
  hint(value: SignOutHint): string
  readHint(present: readonly CookiePair[]): SignOutHint | undefined
  expireHint(): string
  /** Remembers that this browser signed out, and that the issuer may not know. */
  signedOut(): string
  isSignedOut(present: readonly CookiePair[]): boolean
  expireSignedOut(): string
}

/** Seconds that the issuer's session may outlive the longest of ours. */
const grace = 86_400
const longestCookie = 4000
const signedOutLifetime = 30 * 86_400
/** Lax: also whoever follows a link to sign in is asked. */
const lax = { sameSite: 'Lax' } as const

/**
 * Creates the reader and writer. The hint goes to the path of signing out alone, so that an ID token
 * in it is not part of every request; the prefix `__Host-` would not allow that. It is sealed.
 */
export function createSignOutCookies(config: BffConfig, clock: Clock): SignOutCookies {
  const { sealKeys, frontend, basePath, session } = config
  const sealer = createSealer(sealKeys, `sign-out:${frontend}`)
  const { signOutHint: hintName, signedOut: signedOutName } = cookieNames(basePath)
  const place = { sameSite: 'Strict', path: `${basePath}${paths.logout}` } as const
  const lifetime = session.absoluteTimeout + grace

  return {
    hint(value) {
      const { idToken, ...small } = value
      const whole = sealer.seal(JSON.stringify(value), '')
      const sealed = whole.length <= longestCookie ? whole : sealer.seal(JSON.stringify(small), '')
      const maxAge = value.createdAt + lifetime - clock()
      return serializeCookie(hintName, sealed, { ...place, maxAge })
    },

    readHint(present) {
      const sealed = uniqueCookie(present, hintName).value
      const text = sealed && sealer.open(sealed, '')
      if (!text) return undefined
      const value: SignOutHint = JSON.parse(text)
      return value.createdAt + lifetime > clock() ? value : undefined
    },

    expireHint: () => expireCookie(hintName, place),

    signedOut: () => serializeCookie(signedOutName, '1', { ...lax, maxAge: signedOutLifetime }),
    isSignedOut: (present) => present.some(({ name }) => name === signedOutName),
    expireSignedOut: () => expireCookie(signedOutName, lax),
  }
}
