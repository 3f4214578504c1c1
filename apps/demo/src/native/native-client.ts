import { randomToken, sha256 } from '@sallyport/core'
import { nativePaths } from '@sallyport/core/contract'
import { generateDpopKey } from '@sallyport/core/dpop'
import { z } from 'zod'
import { listenForResponse } from './loopback.ts'
import { createProvenFetch } from './proven-fetch.ts'

/** Which app this is, and whose. */
export interface NativeClientOptions {
  /** The BFF's `publicUrl`. */
  bff: string
  clientId: string
  /** Path of the loopback address that is registered for the app. */
  redirectPath: string
  /** Opens a URL in the system's browser, or asks somebody to. */
  openBrowser(url: string): void
}

/** A session of an app. The key stays in this process: when it ends, so does the session's use. */
export interface NativeSession {
  /** Calls a route of the BFF, with a proof of the key for this very request. */
  call(path: string, method?: 'GET' | 'POST'): Promise<Response>
  signOut(): Promise<void>
}

const tokenResponse = z.object({ access_token: z.string(), token_type: z.literal('DPoP') })

/**
 * Signs a person in by the system's browser.
 *
 * @throws Error for an answer that is not the BFF's to this very sign-in, and when it was refused.
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252.html RFC 8252}
 */
export async function signIn(options: NativeClientOptions): Promise<NativeSession> {
  const { bff, clientId, redirectPath, openBrowser } = options
  const key = generateDpopKey()
  const ask = createProvenFetch(key)
  const codeVerifier = randomToken()
  const state = randomToken()
  const loopback = await listenForResponse(redirectPath)
  const { redirectUri } = loopback
  try {
    const request = new URLSearchParams({
      ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, state },
      ...{ code_challenge: sha256(codeVerifier), code_challenge_method: 'S256' },
      dpop_jkt: key.jkt,
    })
    openBrowser(`${bff}${nativePaths.login}?${request}`)
    const code = readCode(await loopback.response, { state, bff })
    const answer = await ask(`${bff}${nativePaths.token}`, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ grant_type: 'authorization_code', code, client_id: clientId },
        ...{ redirect_uri: redirectUri, code_verifier: codeVerifier },
      }),
    })
    if (!answer.ok) throw new Error(`the code was refused: ${await answer.text()}`)
    const { access_token: sessionToken } = tokenResponse.parse(await answer.json())
    return {
      call: (path, method = 'GET') => ask(`${bff}${path}`, { method, accessToken: sessionToken }),
      async signOut() {
        const body = new URLSearchParams({ token: sessionToken, client_id: clientId })
        const done = await fetch(`${bff}${nativePaths.revoke}`, { method: 'POST', body })
        if (!done.ok) throw new Error(`not signed out: ${done.status}`)
      },
    }
  } finally {
    await loopback.close()
  }
}

/** A response of another server, or to another request, was slipped in by somebody. */
function readCode(response: URLSearchParams, expected: { state: string; bff: string }): string {
  const isOurs = response.get('state') === expected.state && response.get('iss') === expected.bff
  if (!isOurs) throw new Error('an answer that does not belong to this sign-in')
  const code = response.get('code')
  if (code) return code
  throw new Error(`the sign-in was not granted: ${response.get('error')}`)
}
