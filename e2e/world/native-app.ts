import { randomToken, sha256 } from '@sallyport/core'
import { createDpopProof, type DpopKey, generateDpopKey } from '@sallyport/core/dpop'
import type { GatewayOptions } from '@sallyport/gateway'
import { type Answer, type Browser, createBrowser } from './browser.ts'
import { passwordOf, type World } from './world.ts'

/** An app on a device: it has a key, and a browser that is not its own. */
export interface NativeApp {
  readonly key: DpopKey
  readonly browser: Browser
  readonly codeVerifier: string
  readonly state: string
  /** Its authorization request; `undefined` leaves a parameter out. */
  loginUrl(changes?: Record<string, string | undefined>): string
  /** Signs in by the browser, and gives what came back where the app waits. */
  signIn(changes?: Record<string, string | undefined>): Promise<URLSearchParams>
  redeem(code: string, changes?: Record<string, string>, headers?: string[]): Promise<Answer>
  /** The whole of it: the token of a session. */
  start(): Promise<string>
  /** A proof of its key for one request. */
  proof(htm: string, htu: string, accessToken?: string): string
  /** A call with a token and a proof. */
  call(path: string, accessToken: string, headers?: string[]): Promise<Answer>
}

/** The demo's gateway, with three apps and routes for them. */
export function withNativeApps(options: GatewayOptions): GatewayOptions {
  const [orders, inventory] = options.bff.routes ?? []
  if (!orders || !inventory) throw new Error('the demo has two routes')
  return {
    ...options,
    bff: {
      ...options.bff,
      bearer: { audience: 'https://bff.example' },
      nativeApps: [
        { clientId: 'phone', name: 'Phone', redirectUris: ['com.example.phone:/signed-in'] },
        { clientId: 'desk', redirectUris: ['http://127.0.0.1/signed-in'] },
        { clientId: 'claimed', redirectUris: ['https://app.example/signed-in'] },
      ],
      routes: [
        { ...orders, callers: ['browser', 'native'] },
        { ...inventory, match: '/api/apps-only/*', callers: ['native'] },
        {
          ...{ ...inventory, match: '/api/any-app/*', callers: ['native', 'bearer'] },
          callerScopes: ['app.read'],
        },
        inventory,
      ],
    },
  }
}

/** Creates one that waits at an address of its own. */
export function createNativeApp(
  world: World,
  names = { clientId: 'phone', redirectUri: 'com.example.phone:/signed-in' },
): NativeApp {
  const { clientId, redirectUri } = names
  const key = generateDpopKey()
  const browser = createBrowser()
  const codeVerifier = randomToken()
  const state = randomToken()
  const tokenUrl = `${world.app}/bff/native/token`

  const app: NativeApp = {
    ...{ key, browser, codeVerifier, state },

    loginUrl(changes = {}) {
      const parameters = {
        ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state },
        ...{ code_challenge: sha256(codeVerifier), code_challenge_method: 'S256' },
        ...{ dpop_jkt: key.jkt, ...changes },
      }
      const said = Object.entries(parameters).filter((one) => one[1] !== undefined)
      return `${world.app}/bff/native/login?${new URLSearchParams(said as [string, string][])}`
    },

    async signIn(changes) {
      const page = await browser.navigate(app.loginUrl(changes))
      const isSigningIn = page.url.startsWith(world.issuer)
      const fields = { username: 'alice', password: passwordOf('alice') }
      const { answer } = isSigningIn ? await browser.submit(page, fields) : page
      return readReturn(answer)
    },

    redeem(code, changes = {}, headers = ['dpop', app.proof('POST', tokenUrl)]) {
      const form = {
        ...{ grant_type: 'authorization_code', code, client_id: clientId },
        ...{ redirect_uri: redirectUri, code_verifier: codeVerifier, ...changes },
      }
      return postForm(tokenUrl, form, headers)
    },

    async start() {
      const code = (await app.signIn()).get('code') ?? ''
      return (await app.redeem(code)).json<{ access_token: string }>().access_token
    },

    proof: (htm, htu, accessToken) =>
      createDpopProof({ key, htm, htu, ...(accessToken !== undefined && { accessToken }) }),

    call(path, accessToken, headers) {
      const url = `${world.app}${path}`
      const usual = ['dpop', app.proof('GET', url, accessToken)]
      const credentials = ['authorization', `DPoP ${accessToken}`, ...(headers ?? usual)]
      return createBrowser().ask(url, { headers: credentials })
    },
  }
  return app
}

/** What a page says that sends the browser back to the app. */
export function readReturn(answer: Answer): URLSearchParams {
  const [, url] = /^0; url=(.+)$/.exec(answer.header('refresh') ?? '') ?? []
  if (!url) throw new Error(`the browser is not sent back: ${answer.status} ${answer.text}`)
  return new URL(url).searchParams
}

/** Posts a form without any cookie, as a program does. */
export function postForm(url: string, form: Record<string, string>, headers: string[] = []) {
  const type = ['content-type', 'application/x-www-form-urlencoded']
  const body = new URLSearchParams(form).toString()
  return createBrowser().ask(url, { method: 'POST', headers: [...type, ...headers], body })
}
