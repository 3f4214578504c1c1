/** A gateway, in a process of its own: what it is told is a `GatewaySettings`, then `ClockMessage`s. */
import { once } from 'node:events'
import { createGateway, type GatewayOptions } from '@sallyport/gateway'
import { createTelemetry } from '@sallyport/telemetry'
import { gatewayOptions } from '../../apps/demo/src/services/bff-options.ts'
import { tellReady } from './child-process.ts'
import { type ClockMessage, type GatewaySettings, issuerTimeout } from './settings.ts'

const [settings] = (await once(process, 'message')) as [GatewaySettings]

// The machine's clock, as this process sees it: our clock and every library in it read this.
const machineNow = Date.now
let offsetMs = 0
Date.now = () => machineNow() + offsetMs
process.on('message', ({ clockOffset }: ClockMessage) => {
  offsetMs = clockOffset * 1000
})

const telemetry = createTelemetry({ service: 'bff', level: 'debug' })
await createGateway(toGatewayOptions(settings), { telemetry })
tellReady()

function toGatewayOptions(given: GatewaySettings): GatewayOptions {
  const { demo, issuerInternalUrl, mode, port, store } = given
  const { bff } = gatewayOptions({ ...demo, webDir: '' })
  return {
    listen: { port },
    store,
    bff: { ...bff, issuerInternalUrl, issuerTimeout, session: { ...bff.session, mode } },
  }
}
