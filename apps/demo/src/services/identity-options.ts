import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IdentityOptions } from '@sallyport/identity'
import type { DemoSettings } from '../settings.ts'

const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** The demo's identity server: two clients, two resources, two people. */
export function identityOptions(settings: DemoSettings): IdentityOptions {
  const { publicUrls, lifetimes, keyFiles } = settings
  return {
    issuer: publicUrls.identity,
    dataDir: join(settings.dataDir, 'identity'),
    accounts: [...settings.accounts],
    allowedPrivateOrigins: [publicUrls.bff],
    lifetimes: { accessToken: lifetimes.accessToken, session: lifetimes.sessionAbsolute },
    resources: [
      { identifier: publicUrls.orders, scopes: ['orders.read', 'orders.write'] },
      { identifier: publicUrls.inventory, scopes: ['inventory.read', 'inventory.reserve'] },
    ],
    clients: [
      {
        clientId: 'bff',
        name: 'Sallyport Demo',
        redirectUris: [`${publicUrls.bff}/bff/callback`],
        postLogoutRedirectUris: [`${publicUrls.bff}/`],
        jwks: readPublicKey(keyFiles.bffPublic),
        grantTypes: ['authorization_code', 'refresh_token'],
        scopes: ['openid', 'profile', 'email', 'orders.read', 'orders.write', 'inventory.read'],
        resources: [publicUrls.orders, publicUrls.inventory],
        rotateRefreshToken: 'always',
        consent: 'implicit',
        trustsLogoutHint: true,
        backchannelLogoutUri: `${publicUrls.bff}/bff/backchannel`,
        initiateLoginUri: `${publicUrls.bff}/bff/login`,
      },
      {
        clientId: 'orders-api',
        name: 'Orders API',
        redirectUris: [],
        postLogoutRedirectUris: [],
        jwks: readPublicKey(keyFiles.ordersApiPublic),
        grantTypes: [tokenExchange, 'client_credentials'],
        scopes: ['inventory.read', 'inventory.reserve'],
        resources: [publicUrls.inventory],
        consent: 'implicit',
        tokenExchange: {
          subjectAudiences: [publicUrls.orders],
          resources: [publicUrls.inventory],
        },
      },
    ],
  }
}

function readPublicKey(file: string) {
  return { keys: [JSON.parse(readFileSync(file, 'utf8'))] }
}
