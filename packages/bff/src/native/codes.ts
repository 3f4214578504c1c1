import { type Clock, createSealer, randomToken, type SealKey, sha256 } from '@sallyport/core'
import type { SessionKey, SessionRecord } from '@sallyport/session'
import { toRowIssuer } from '../sessions/at-rest.ts'
import type { SessionStart } from '../sessions/sessions.ts'
import { type OpenStore, storeFailure } from '../sessions/store-failures.ts'
import type { NativeRequest } from './native-request.ts'

/** A sign-in that is done, and waits for the app to come for it. */
export interface PendingSignIn {
  readonly request: NativeRequest
  readonly start: SessionStart
}

/** What a code stands for. */
export type CodeState = { readonly code: string; readonly row: SessionRecord } & (
  | { readonly kind: 'pending'; readonly signIn: PendingSignIn }
  /** It has been used; `sessionToken` is what it gave. */
  | { readonly kind: 'spent'; readonly sessionToken: string; readonly isRepeated: boolean }
)

/**
 * One-time codes, each of which leads to a row that only it names, and that only our keys together
 * with it open: who has the store and the keys reads neither what was granted nor what was given.
 */
export interface Codes {
  issue(signIn: PendingSignIn): Promise<string>
  /** `undefined` for a code that is unknown or over. */
  read(code: string): Promise<CodeState | undefined>
  /**
   * Spends a code on a session, which need not be there yet; once more, to note that it came again.
   * What it gave is kept, so that who shows it again ends that.
   *
   * @returns `false` when somebody else was first.
   */
  spend(state: CodeState, sessionToken: string): Promise<boolean>
}

/** Seconds for which the app may come with a code. */
export const codeLifetime = 60
/** Seconds for which a code that comes again is known. */
const memory = 600
const codePattern = /^[\w-]{43}$/

/** @see {@link https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2 RFC 6749, section 4.1.2} */
export function createCodes(
  config: { sealKeys: readonly SealKey[]; frontend: string },
  store: Pick<OpenStore, 'get' | 'put'>,
  clock: Clock,
): Codes {
  const { sealKeys, frontend } = config
  const sealer = createSealer(sealKeys, `native-code:${frontend}`)
  const toKey = (code: string) => `native-code.${sha256(code)}` as SessionKey

  return {
    async issue(signIn) {
      const code = randomToken()
      const key = toKey(code)
      const now = clock()
      const isWritten = await store.put({
        ...{ key, version: 1, frontend, createdAt: now },
        // Nobody looks for it: what ends sessions leaves marks that the redemption finds.
        ...{ issuer: toRowIssuer('nativeCode', frontend), subject: key },
        ...{ expiresAt: now + codeLifetime, absoluteExpiresAt: now + memory },
        sealed: sealer.seal(JSON.stringify({ signIn }), key, code),
      })
      if (!isWritten) throw storeFailure(new Error('a code was not stored'))
      return code
    },

    async read(code) {
      if (!codePattern.test(code)) return undefined
      const row = await store.get(toKey(code))
      const text = row && sealer.open(row.sealed, row.key, code)
      if (!row || text === undefined) return undefined
      const { signIn, sessionToken } = JSON.parse(text)
      if (sessionToken === undefined) return { kind: 'pending', code, row, signIn }
      return { kind: 'spent', code, row, sessionToken, isRepeated: row.version > 2 }
    },

    async spend({ code, row }, sessionToken) {
      return store.put({
        ...{ ...row, version: row.version + 1, expiresAt: row.absoluteExpiresAt },
        sealed: sealer.seal(JSON.stringify({ sessionToken }), row.key, code),
      })
    },
  }
}
