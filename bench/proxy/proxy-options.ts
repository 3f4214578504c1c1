import { createSecret } from '@sallyport/core'
import type { GatewayOptions, Lane } from '@sallyport/gateway'

/** What the processes of a measurement are told. */
export interface ProxyPlan {
  readonly folder: string
  readonly gatewayPort: number
  /** As its clients write it; what belongs to one host belongs to no other. */
  readonly host: string
  readonly upstreamPort: number
  readonly sealKey: string
}

/** A gateway as an application would have it: one API, the session's token goes along. */
export function proxyGatewayOptions(plan: ProxyPlan, lanes: Lane[]): GatewayOptions {
  const { folder, gatewayPort, host, upstreamPort, sealKey } = plan
  return {
    listen: { host: '127.0.0.1', port: gatewayPort },
    store: { lmdbFolder: `${folder}/sessions` },
    lanes,
    bff: {
      publicUrl: `http://${host}`,
      // Nobody is there: sessions are written by the measurement, and their tokens outlive it.
      issuer: 'https://issuer.invalid',
      clientId: 'bff',
      clientAuthentication: { secret: sealKey },
      sealKeys: [{ kid: 'k1', key: createSecret(sealKey) }],
      routes: [{ match: '/api/*', upstream: `http://127.0.0.1:${upstreamPort}` }],
    },
  }
}
