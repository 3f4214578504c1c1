import { type Bff, createBff } from '@sallyport/bff'
import { createSecret, randomToken } from '@sallyport/core'
import type { SessionStore } from '@sallyport/session'
import { createMemoryStore } from '@sallyport/session/memory'
import { createTelemetry } from '@sallyport/telemetry'
import { ask } from './direct-bff.ts'
import { heapBytes } from './heap.ts'
import { createScriptedIssuer } from './scripted-issuer.ts'

/** What people leave behind who never sign in. */
export interface VisitorsResult {
  /** Bytes by which the process has grown. */
  readonly grownBy: number
  /** How often something was written into the store. */
  readonly writes: number
}

export interface Visitors {
  /** Requests of who has no session: without a cookie, with one that opens nothing, forged. */
  anonymous: number
  /** Sign-ins that are begun, each by another browser, and never finished. */
  abandoned: number
}

const page = ['x-csrf', '1', 'sec-fetch-site', 'same-origin']
const writing = ['put', 'delete', 'deleteAll', 'claim', 'mark', 'putTask'] as const

/** Lets visitors come to a BFF in this process, and looks at what is left of them. */
export async function receiveVisitors(visitors: Visitors): Promise<VisitorsResult> {
  const issuer = await createScriptedIssuer()
  const memory = createMemoryStore()
  let writes = 0
  const store = Object.create(memory) as SessionStore
  for (const name of writing) {
    Object.defineProperty(store, name, {
      value(...given: never[]) {
        writes += 1
        return (memory[name] as (...all: never[]) => unknown)(...given)
      },
    })
  }
  const bff = createBff(
    {
      ...{ publicUrl: 'https://app.example', issuer: issuer.url, clientId: 'bff' },
      clientAuthentication: { secret: randomToken() },
      sealKeys: [{ kid: 'k1', key: createSecret(randomToken()) }],
      routes: [{ match: '/api/*', upstream: 'http://api.example' }],
    },
    { store, telemetry: createTelemetry({ service: 'bff', level: 'silent' }) },
  )
  try {
    await receive(bff, { anonymous: 5000, abandoned: 1000 })
    const before = await heapBytes()
    await receive(bff, visitors)
    return { grownBy: (await heapBytes()) - before, writes }
  } finally {
    await bff.close()
    memory.close()
    await issuer.close()
  }
}

async function receive(bff: Bff, { anonymous, abandoned }: Visitors): Promise<void> {
  for (let i = 0; i < anonymous; i += 1) {
    const request = anonymousRequests[i % anonymousRequests.length] as AnonymousRequest
    const { target, headers, status } = request()
    const answer = await ask(bff, target, headers)
    if (answer.status !== status) throw new Error(`${target} was answered ${answer.status}`)
  }
  for (let i = 0; i < abandoned; i += 1) {
    const { status } = await ask(bff, `/bff/login?returnUrl=/${i}`)
    if (status !== 303) throw new Error(`a sign-in was answered ${status}`)
  }
}

type AnonymousRequest = () => { target: string; headers?: string[]; status: number }

const anonymousRequests: readonly AnonymousRequest[] = [
  () => ({ target: '/bff/user', headers: page, status: 401 }),
  () => ({ target: `/api/${randomToken()}`, headers: page, status: 401 }),
  () => {
    const headers = [...page, 'cookie', `__Host-Http-bff=${randomToken()}`]
    return { target: '/api/orders', headers, status: 401 }
  },
  () => ({ target: `/bff/callback?code=${randomToken()}&state=${randomToken()}`, status: 400 }),
]
