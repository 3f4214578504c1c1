import type { Bff } from '@sallyport/bff'
import type { ScriptedIssuer } from './scripted-issuer.ts'

/** Headers of a top-level navigation. */
export const page: readonly string[] = [
  ...['sec-fetch-mode', 'navigate'],
  ...['sec-fetch-dest', 'document'],
  ...['accept', 'text/html'],
]

/** Headers of a navigation of a frame in a page of the application. */
export const ownFrame: readonly string[] = [
  ...['sec-fetch-mode', 'navigate', 'sec-fetch-dest', 'iframe', 'sec-fetch-site', 'same-origin'],
  ...['accept', 'text/html'],
]

/** Asks a BFF without any socket, and takes its answer apart. */
export async function ask(bff: Bff, target: string, headers: readonly string[] = page) {
  const decision = await bff.decide({
    ...{ method: 'GET', target, remoteAddress: '127.0.0.1' },
    headers: ['host', bff.config.publicUrl.host, ...headers],
  })
  if (decision.kind !== 'respond') throw new Error('the BFF must answer this itself')
  const values = (name: string) =>
    decision.headers.filter((_, i) => i % 2 === 1 && decision.headers[i - 1] === name)
  return { ...decision, location: values('location')[0] ?? '', setCookies: values('set-cookie') }
}

/** Changes an authorization response before it comes back. */
export type Forge = (response: URLSearchParams) => void

export interface SignInAt {
  bff: Bff
  issuer: ScriptedIssuer
  forge?: Forge | undefined
  query?: string
}

/** Signs in at a scripted issuer, with whatever response its page is made to give. */
export async function signInAt({ bff, issuer, forge = () => {}, query = '' }: SignInAt) {
  const login = await ask(bff, `/bff/login${query}`)
  if (login.status !== 303) return login
  issuer.authorize(login.location)
  const state = new URL(login.location).searchParams.get('state') as string
  const response = new URLSearchParams({ code: 'good', state, iss: issuer.url })
  forge(response)
  return comeBack(bff, login.setCookies, response)
}

/** Brings an authorization response back to where its sign-in was started. */
export function comeBack(
  bff: Bff,
  setCookies: readonly string[],
  ...[response, headers = page]: [URLSearchParams, (readonly string[])?]
) {
  const cookie = setCookies.map((text) => text.split(';')[0]).join('; ')
  return ask(bff, `/bff/callback?${response}`, [...headers, 'cookie', cookie])
}

/** The session cookies among Set-Cookie values. */
export function sessionCookies(setCookies: readonly string[]): string[] {
  return setCookies.filter((text) => text.startsWith('__Host-Http-bff='))
}

/** A call of the application's own page. */
export interface PageCall {
  target?: string
  method?: string
  headers?: readonly string[]
}

/** How a call of the page goes on to the upstream. */
export async function forwardOf(bff: Bff, setCookies: readonly string[], call: PageCall = {}) {
  const { target = '/api/x', method = 'GET', headers = [] } = call
  const cookie = setCookies.map((text) => text.split(';')[0]).join('; ')
  const decision = await bff.decide({
    ...{ method, target, remoteAddress: '127.0.0.1' },
    headers: [
      ...['host', bff.config.publicUrl.host, 'cookie', cookie],
      ...['x-csrf', '1', 'sec-fetch-site', 'same-origin'],
      ...headers,
    ],
  })
  if (decision.kind !== 'forward') throw new Error(`not forwarded: ${JSON.stringify(decision)}`)
  return decision
}

/** The access token that a call of the page goes on with. */
export async function accessTokenOf(bff: Bff, setCookies: readonly string[], target?: string) {
  const { headers } = await forwardOf(bff, setCookies, target === undefined ? {} : { target })
  const at = headers.indexOf('authorization')
  return headers[at + 1]?.split(' ')[1] ?? ''
}
