import { type Clock, sha256 } from '@sallyport/core'
import { type RevocableToken, tokensOf } from '../logout/revocable-tokens.ts'
import type { Revocations } from '../logout/revocations.ts'
import type { SessionContent } from '../sessions/session.ts'
import { type Codes, codeLifetime } from './codes.ts'

/** What the issuer granted for codes that no app has come with yet: nobody may ever use it. */
export interface UnclaimedGrants {
  /** Has the tokens revoked in two minutes, unless somebody claims them with the code before. */
  watch(code: string, content: SessionContent): Promise<void>
  /** A session uses them from now on. */
  claim(code: string): Promise<void>
  /** The session could not begin. */
  revoke(code: string, content: SessionContent): void
}

export interface UnclaimedGrantsOptions {
  config: { session: { splitSeal: boolean } }
  codes: Pick<Codes, 'read'>
  revocations: Pick<Revocations, 'plan' | 'forget' | 'start'>
  clock: Clock
  /** Does something after so many seconds, unless the BFF closes before. */
  later(seconds: number, work: () => Promise<void>): void
}

/** Seconds, from the sign-in on. */
const patience = codeLifetime * 2

/**
 * Creates the watch. With split seals it is kept in memory: what waits in the store is under the seal
 * keys alone, and these tokens are still good for a session. A process that ends before, or changes
 * its options, leaves tokens that are not revoked, and that nobody can read either: the row of the
 * code was all they were in.
 */
export function createUnclaimedGrants(options: UnclaimedGrantsOptions): UnclaimedGrants {
  const { config, codes, revocations, clock, later } = options
  const waiting = new Map<string, readonly RevocableToken[]>()

  async function revokeUnlessSpent(code: string): Promise<void> {
    const id = revocationOf(code)
    const tokens = waiting.get(id)
    if (!tokens) return
    try {
      // Another process may have given the session.
      const isSpent = (await codes.read(code))?.kind === 'spent'
      if (!isSpent) await revocations.plan(id, tokens)
      waiting.delete(id)
      if (!isSpent) revocations.start(id, tokens)
    } catch (error) {
      later(patience, () => revokeUnlessSpent(code))
      throw error
    }
  }

  return {
    async watch(code, content) {
      const id = revocationOf(code)
      const tokens = tokensOf(content, clock())
      if (!config.session.splitSeal) return revocations.plan(id, tokens, patience)
      waiting.set(id, tokens)
      later(patience, () => revokeUnlessSpent(code))
    },

    async claim(code) {
      const id = revocationOf(code)
      // Whatever this process is configured to do: another one may have planned it.
      if (!waiting.delete(id)) await revocations.forget(id)
    },

    revoke: (code, content) => revocations.start(revocationOf(code), tokensOf(content, clock())),
  }
}

function revocationOf(code: string): string {
  return `native-code:${sha256(code)}`
}
