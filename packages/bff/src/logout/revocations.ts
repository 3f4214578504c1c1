import { type Clock, createSealer, errorCode, type SealKey, sha256 } from '@sallyport/core'
import type { StoredTask } from '@sallyport/session'
import type { Logger } from '@sallyport/telemetry'
import type { OidcClient } from '../oidc/oidc-client.ts'
import type { OpenStore } from '../sessions/store-failures.ts'
import type { RevocableToken } from './revocable-tokens.ts'

/**
 * Revokes tokens, however long the issuer is away: what is to be revoked is in the store before
 * anybody is told that it will be, and is tried again by whichever process is there.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7009.html#section-2 RFC 7009, section 2}
 */
export interface Revocations {
  /**
   * Writes down what is to be revoked, in place of what was written under this id before.
   *
   * @param headStart seconds for which it is the business of whoever planned it.
   * @throws `ERR_SESSION_STORE_UNAVAILABLE`: then it is not promised to anybody.
   */
  plan(id: string, tokens: readonly RevocableToken[], headStart?: number): Promise<void>
  /** Takes back what was planned and not begun: the tokens are used after all. */
  forget(id: string): Promise<void>
  /** Begins with what was planned; nobody waits for it. */
  start(id: string, tokens: readonly RevocableToken[]): void
  /** Does what is due, of this process or another. */
  runDue(): Promise<void>
}

export interface RevocationsOptions {
  config: { sealKeys: readonly SealKey[]; frontend: string; issuerTimeout: number }
  store: OpenStore
  oidc: Pick<OidcClient, 'revoke'>
  clock: Clock
  log: Logger
  inBackground(work: Promise<unknown>, failure: string): void
  /** From 0 to 1. @defaultValue Math.random */
  random?: () => number
}

interface Revocation {
  readonly id: string
  readonly attempts: number
  readonly tokens: readonly RevocableToken[]
}

/** Whether the issuer answers, as far as is known in one run: it is not asked in vain for each. */
interface Reach {
  isDown: boolean
}

const tasksAtOnce = 20
/** When many sessions ended at once, a look takes as many tasks as it can do in a few seconds. */
const mostRounds = 10
const leaseTime = 120
const longestPause = 600
/** Trying again may help: the issuer is away, or knows us again once it is configured rightly. */
const passing = new Set(['ERR_IDP_UNAVAILABLE', 'ERR_IDP_CLIENT_REJECTED'])

export function createRevocations(options: RevocationsOptions): Revocations {
  const { config, store, oidc, clock, log, random = Math.random } = options
  const sealer = createSealer(config.sealKeys, `task:${config.frontend}`)
  const prefix = `revoke:${sha256(config.frontend).slice(0, 16)}:`
  /** As long as revoking it at once takes. */
  const usualHeadStart = config.issuerTimeout * 3 + 5

  async function put({ id, attempts, tokens }: Revocation, pause: number): Promise<void> {
    const expiresAt = Math.max(...tokens.map((token) => token.expiresAt))
    const dueAt = clock() + pause
    const sealed = sealer.seal(JSON.stringify(tokens), id)
    await store.putTask({ id, dueAt, expiresAt, attempts, sealed })
  }

  function backOff(attempts: number): number {
    const pause = Math.min(5 * 2 ** (attempts - 1), longestPause)
    return Math.ceil(pause * (0.5 + random() / 2))
  }

  async function attempt(revocation: Revocation, reach: Reach): Promise<void> {
    const left: RevocableToken[] = []
    for (const token of revocation.tokens) {
      if (token.expiresAt <= clock()) continue
      if (reach.isDown || !(await revoke(token, reach))) left.push(token)
    }
    if (left.length === 0) {
      await store.removeTask(revocation.id)
      return
    }
    const attempts = revocation.attempts + 1
    await put({ ...revocation, attempts, tokens: left }, backOff(attempts))
  }

  /** `false`: it must be tried again. */
  async function revoke({ value, kind }: RevocableToken, reach: Reach): Promise<boolean> {
    try {
      await oidc.revoke(value, kind)
      return true
    } catch (error) {
      const isPassing = passing.has(errorCode(error))
      // Issuers that cannot revoke a JWT say so: nothing to try again, and nothing to mend.
      if (!isPassing && kind === 'access_token') log.debug({ error }, 'a token is not revocable')
      else log.warn({ event: 'token_revocation_failed', kind, error }, 'a token is not revoked yet')
      reach.isDown ||= isPassing
      return !isPassing
    }
  }

  function open({ id, attempts, sealed }: StoredTask): Revocation | undefined {
    const text = sealer.open(sealed, id)
    return text === undefined ? undefined : { id, attempts, tokens: JSON.parse(text) }
  }

  async function run(task: StoredTask, reach: Reach): Promise<void> {
    if (!task.id.startsWith(prefix)) {
      // Another frontend's on the same store: for whoever can open it.
      await store.putTask({ ...task, dueAt: clock() + 1 })
      return
    }
    const revocation = open(task)
    if (revocation) return attempt(revocation, reach)
    log.warn({ event: 'crypt_decrypt_fail' }, 'a task cannot be opened with any key')
    await store.removeTask(task.id)
  }

  return {
    async plan(id, tokens, headStart = usualHeadStart) {
      if (tokens.length > 0) await put({ id: `${prefix}${id}`, attempts: 0, tokens }, headStart)
    },

    async forget(id) {
      await store.removeTask(`${prefix}${id}`)
    },

    start(id, tokens) {
      if (tokens.length === 0) return
      const revocation = { id: `${prefix}${id}`, attempts: 0, tokens }
      const work = attempt(revocation, { isDown: false })
      options.inBackground(work, 'a revocation is left for later')
    },

    async runDue() {
      const reach = { isDown: false }
      for (let round = 0; round < mostRounds && !reach.isDown; round += 1) {
        const tasks = await store.takeTasks({ limit: tasksAtOnce, leaseTime })
        for (const task of tasks) await run(task, reach)
        if (tasks.length < tasksAtOnce) return
      }
    },
  }
}
