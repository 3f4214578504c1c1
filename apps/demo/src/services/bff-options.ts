import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecret } from '@sallyport/core'
import type { GatewayOptions } from '@sallyport/gateway'
import type { ServiceSettings } from '../settings.ts'

/** The demo's gateway: the page, two APIs behind it, and a command line that calls one of them. */
export function gatewayOptions(settings: ServiceSettings): GatewayOptions {
  const { publicUrls, lifetimes, keyFiles } = settings
  return {
    listen: { port: settings.ports.bff },
    store: { lmdbFolder: join(settings.dataDir, 'sessions') },
    webFolder: settings.webDir,
    bff: {
      publicUrl: publicUrls.bff,
      issuer: publicUrls.identity,
      clientId: 'bff',
      clientAuthentication: { privateKey: JSON.parse(readFileSync(keyFiles.bff, 'utf8')) },
      scopes: ['profile', 'email', 'orders.read', 'orders.write', 'inventory.read'],
      sealKeys: [{ kid: 'demo', key: createSecret(readFileSync(keyFiles.seal, 'utf8').trim()) }],
      session: { idleTimeout: lifetimes.sessionIdle, absoluteTimeout: lifetimes.sessionAbsolute },
      // The demo's identity server takes the sid as proof, so no ID token gets into a URL.
      logout: { hint: 'sid' },
      nativeApps: [
        {
          clientId: 'orders-cli',
          name: 'Orders on the command line',
          redirectUris: ['http://127.0.0.1/signed-in'],
        },
      ],
      routes: [
        {
          match: '/api/orders/*',
          upstream: `${publicUrls.orders}/orders`,
          resource: publicUrls.orders,
        },
        {
          match: '/api/inventory/*',
          upstream: `${publicUrls.inventory}/inventory`,
          resource: publicUrls.inventory,
        },
        {
          match: '/app/orders/*',
          upstream: `${publicUrls.orders}/orders`,
          resource: publicUrls.orders,
          callers: ['native'],
        },
      ],
    },
  }
}
