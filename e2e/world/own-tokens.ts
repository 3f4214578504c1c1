import { randomToken, sha256 } from '@sallyport/core'
import { createDpopProof, type DpopKey } from '@sallyport/core/dpop'
import type { IdentityOptions } from '@sallyport/identity'
import { createBrowser } from './browser.ts'
import { postForm } from './native-app.ts'
import { passwordOf, type World } from './world.ts'

/** The BFF as a resource: what apps' own tokens are for. */
export const audience = 'https://bff.example'

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** The demo's identity server with an app that is a client of its own, and a BFF that exchanges. */
export function withOwnClient(options: IdentityOptions): IdentityOptions {
  const [bff, ...others] = options.clients
  const orders = options.resources[0]?.identifier
  if (!bff || !orders) throw new Error('the demo has a client and resources')
  const tokenExchange = {
    ...{ subjectAudiences: [audience], resources: bff.resources, boundSubjectTokens: true },
  }
  return {
    ...options,
    resources: [...options.resources, { identifier: audience, scopes: ['app.read', 'app.write'] }],
    clients: [
      { ...bff, grantTypes: [...bff.grantTypes, exchange], tokenExchange },
      {
        ...{ clientId: 'cli', name: 'Command line', redirectUris: [`${orders}/signed-in`] },
        ...{ postLogoutRedirectUris: [], grantTypes: ['authorization_code'], consent: 'implicit' },
        scopes: ['openid', 'app.read', 'app.write', 'orders.read'],
        resources: [audience, orders],
      },
      ...others,
    ],
  }
}

/** What an app asks the issuer for, as a client of its own. */
export interface OwnTokenRequest {
  clientId: string
  /** Where the issuer sends the browser; something must answer there. */
  redirectUri: string
  resource: string
  scopes: readonly string[]
  /** What the token is to be bound to. */
  key?: DpopKey
}

/** Signs Alice in at the issuer, past the BFF, and gives the access token that a client gets. */
export async function getOwnToken(world: World, request: OwnTokenRequest): Promise<string> {
  const { clientId, redirectUri, resource, scopes, key } = request
  const metadata = await (await fetch(`${world.issuer}/.well-known/openid-configuration`)).json()
  const codeVerifier = randomToken()
  const parameters = new URLSearchParams({
    ...{ response_type: 'code', client_id: clientId, redirect_uri: redirectUri, resource },
    ...{ scope: `openid ${scopes.join(' ')}`, state: randomToken() },
    ...{ code_challenge: sha256(codeVerifier), code_challenge_method: 'S256' },
  })
  const browser = createBrowser()
  const page = await browser.navigate(`${metadata.authorization_endpoint}?${parameters}`)
  const fields = { username: 'alice', password: passwordOf('alice') }
  const { url } = await browser.submit(page, fields)
  const code = new URL(url).searchParams.get('code')
  if (!code) throw new Error(`no code: ${url}`)
  const endpoint: string = metadata.token_endpoint
  const proof = key ? ['dpop', createDpopProof({ key, htm: 'POST', htu: endpoint })] : []
  const form = {
    ...{ grant_type: 'authorization_code', code, client_id: clientId, resource },
    ...{ redirect_uri: redirectUri, code_verifier: codeVerifier },
  }
  const answer = await postForm(endpoint, form, proof)
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.json<{ access_token: string }>().access_token
}
