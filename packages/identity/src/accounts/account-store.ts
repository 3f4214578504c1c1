import { randomUUID } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import type { AccountOptions } from '../options/identity-options.ts'
import type { Expiring, Storage } from '../storage/environment.ts'

/** A person who can sign in. */
export interface Account {
  /** The subject of the person's tokens: random, never given to anybody else. */
  readonly subject: string
  readonly username: string
  readonly name: string
  readonly email: string
}

/** The accounts of this server. */
export interface AccountStore {
  find(subject: string): Account | undefined
  /** Whose user name it is, for the log: what nobody is called may be a password. */
  subjectOf(username: string): string | undefined
  /** The account, if user name and password belong together. Takes as long when they do not. */
  authenticate(username: string, password: string): Promise<Account | undefined>
}

interface AccountRow extends Expiring, Account {
  passwordHash: string
}

interface UsernameRow extends Expiring {
  subject: string
}

/** OWASP's floor for argon2id: 19 MiB, two passes, one lane. */
const argon2id = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const
const longestPassword = 256

/** Opens the accounts, and writes the seeds that are new or changed. */
export async function openAccounts(
  storage: Storage,
  seeds: readonly AccountOptions[],
): Promise<AccountStore> {
  const dummyHash = await hash(randomUUID(), argon2id)
  const byUsername = (username: string) => {
    const subject = storage.get<UsernameRow>(usernameKey(username))?.subject
    return subject === undefined ? undefined : storage.get<AccountRow>(accountKey(subject))
  }
  for (const seed of seeds) await upsert(storage, seed, byUsername(seed.username))

  return {
    find(subject) {
      const row = storage.get<AccountRow>(accountKey(subject))
      return row && toAccount(row)
    },

    subjectOf: (username) => byUsername(normalize(username))?.subject,

    async authenticate(username, password) {
      const row = byUsername(normalize(username))
      const isRight = await verify(row?.passwordHash ?? dummyHash, cut(password))
      return row && isRight && password.length <= longestPassword ? toAccount(row) : undefined
    },
  }
}

/** The form in which user names are stored and throttled: case and Unicode look-alikes are one. */
export function normalize(username: string): string {
  return username.normalize('NFKC').trim().toLowerCase().slice(0, 128)
}

async function upsert(
  storage: Storage,
  seed: AccountOptions,
  stored: AccountRow | undefined,
): Promise<void> {
  const { username, password, name, email } = seed
  const isSame = stored && (await verify(stored.passwordHash, password))
  const passwordHash = isSame ? stored.passwordHash : await hash(password, argon2id)
  const subject = stored?.subject ?? randomUUID()
  const row: AccountRow = { subject, username, name, email, passwordHash }
  await storage.transact((write) => {
    const taken = storage.get<UsernameRow>(usernameKey(username))
    // Another process with the same seeds was faster: its subject stays.
    if (!stored && taken) return
    write.put(accountKey(subject), row)
    write.put<UsernameRow>(usernameKey(username), { subject })
  })
}

function toAccount({ subject, username, name, email }: AccountRow): Account {
  return { subject, username, name, email }
}

function cut(password: string): string {
  return password.slice(0, longestPassword)
}

const accountKey = (subject: string) => `account:${subject}`
const usernameKey = (username: string) => `username:${username}`
