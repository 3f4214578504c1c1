/** The identity server, in a process of its own: what it is told is a `ChaosSettings`. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createIdentityServer, type IdentityOptions } from '@sallyport/identity'
import { createTelemetry } from '@sallyport/telemetry'
import { identityOptions } from '../../apps/demo/src/services/identity-options.ts'
import { tellReady } from './child-process.ts'
import type { ChaosSettings } from './settings.ts'

const [settings] = (await once(process, 'message')) as [ChaosSettings]
const identity = await createIdentityServer({
  ...toIdentityOptions(settings),
  telemetry: createTelemetry({ service: 'identity' }),
})
const server = createServer((request, response) => identity.handler(request, response))
server.listen({ host: 'localhost', port: settings.demo.ports.identity })
await once(server, 'listening')
tellReady()

function toIdentityOptions({ demo, backchannelLogoutUri }: ChaosSettings): IdentityOptions {
  const options = identityOptions(demo)
  return {
    ...options,
    allowedPrivateOrigins: [new URL(backchannelLogoutUri).origin],
    clients: options.clients.map((one) =>
      one.clientId === 'bff' ? { ...one, backchannelLogoutUri } : one,
    ),
  }
}
