import { expect } from 'vitest'
import type { Answer, Browser } from './browser.ts'
import { untouched } from './untouched.ts'
import { createWorld, type World } from './world.ts'

/** An origin of somebody else's. */
export const evil = 'https://evil.example'
/** What a browser says of a request that a page of theirs makes. */
export const crossSite = ['sec-fetch-site', 'cross-site', 'origin', evil]
/** What a browser says of a form or a link. */
export const navigation = ['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'document']

/** A request that another page has somebody's browser make. */
export interface Forged {
  method?: string
  path?: string
  headers: string[]
  body?: string
}

/** Somebody who is signed in, where there are routes of all kinds, and who is attacked. */
export interface Victim {
  readonly world: World
  readonly browser: Browser
  /** A request with the victim's cookies that must change nothing, here or anywhere. */
  forge(forged: Forged): Promise<Answer>
  /** Asserts that a page of somebody else can neither frame nor read an answer. */
  expectUnframed(answer: Answer): void
}

/** Signs one in. */
export async function createVictim(): Promise<Victim> {
  const world = await createWorld({
    gateway: (options) => {
      const [orders] = options.bff.routes ?? []
      const routes = [
        ...(options.bff.routes ?? []),
        { match: '/public/*', upstream: `${orders?.upstream}/public`, token: 'none' as const },
        { match: '/all/*', upstream: `${orders?.upstream}`, methods: ['GET', 'OPTIONS', 'POST'] },
      ]
      return { ...options, bff: { ...options.bff, routes } }
    },
  })
  const browser = await world.signIn()
  // By nobody, or for the pages that talk to their frames: by our own.
  const origin = world.app.replaceAll('.', '\\.')
  const unframed = new RegExp(`frame-ancestors (?:'none'|${origin})(?:;|$)`)

  function expectUnframed(answer: Answer): void {
    expect(answer.header('content-security-policy')).toMatch(unframed)
    expect(answer.header('x-content-type-options')).toBe('nosniff')
    expect(answer.header('cross-origin-resource-policy')).toBe('same-origin')
    expect(answer.header('cache-control')).toBe('no-store')
  }

  async function forge({ method = 'GET', path = '/api/orders', headers, body }: Forged) {
    const rest = body === undefined ? {} : { body }
    const answer = await untouched(world, () =>
      browser.ask(`${world.app}${path}`, { method, headers, ...rest }),
    )
    expect(answer.headers('set-cookie')).toEqual([])
    expectNoCors(answer)
    expectUnframed(answer)
    return answer
  }

  return { world, browser, forge, expectUnframed }
}

/** Asserts that an answer lets no other origin read it. */
export function expectNoCors({ rawHeaders }: Answer): void {
  expect(rawHeaders.join('\n').toLowerCase()).not.toContain('access-control-')
}
