import { isIPv6 } from 'node:net'
import { type Clock, sha256 } from '@sallyport/core'
import type { Expiring, Storage } from '../storage/environment.ts'

/** Slows down guessing, for one user name from one address. */
export interface SignInThrottle {
  /** Counts an attempt. @returns seconds to wait first; 0: go on. */
  begin(username: string, address: string): Promise<number>
  /** Forgets the attempts: the password was right. */
  succeed(username: string, address: string): Promise<void>
}

interface ThrottleRow extends Expiring {
  attempts: number
  /** The next attempt counts from here on. */
  openAt: number
}

const freeAttempts = 5
const longestWait = 300
const memory = 900

/**
 * Creates the throttle. After five attempts without success each further one has to wait: 1 s,
 * 2 s, 4 s, up to 5 minutes. Nobody is locked out for good, and a stranger elsewhere cannot slow
 * down the owner, because the address counts too. Attempts are counted before the password is
 * looked at, so sending many at once gains nothing.
 */
export function createSignInThrottle(storage: Storage, clock: Clock): SignInThrottle {
  return {
    begin(username, address) {
      const key = throttleKey(username, address)
      return storage.transact((write) => {
        const now = clock()
        const stored = storage.get<ThrottleRow>(key)
        const row = stored && (stored.exp ?? 0) > now ? stored : undefined
        if (row && now < row.openAt) return row.openAt - now
        const count = (row?.attempts ?? 0) + 1
        write.put<ThrottleRow>(key, {
          attempts: count,
          openAt: now + waitAfter(count),
          exp: now + memory + waitAfter(count),
        })
        return 0
      })
    },

    async succeed(username, address) {
      await storage.transact((write) => write.remove(throttleKey(username, address)))
    },
  }
}

function waitAfter(attempts: number): number {
  if (attempts < freeAttempts) return 0
  return Math.min(longestWait, 2 ** Math.min(attempts - freeAttempts, 16))
}

function throttleKey(username: string, address: string): string {
  return `throttle:${sha256(JSON.stringify([username, network(address)]))}`
}

/** One IPv4 address, or the /64 that one IPv6 subscriber has to itself. */
function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.toLowerCase().split('%')[0]?.split('::') ?? []
  const before = head ? head.split(':') : []
  const after = tail ? tail.split(':') : []
  const gap = address.includes('::') ? 8 - before.length - after.length : 0
  return [...before, ...Array<string>(Math.max(gap, 0)).fill('0'), ...after].slice(0, 4).join(':')
}
