/** The gateway under measurement, in a process of its own: `gateway.child.ts <plan> <lanes>`. */
import { createGateway, type Lane } from '@sallyport/gateway'
import { createTelemetry } from '@sallyport/telemetry'
import { type ProxyPlan, proxyGatewayOptions } from './proxy-options.ts'

const [plan = '', lanes = ''] = process.argv.slice(2)
// No line a request; what goes wrong is said.
const telemetry = createTelemetry({ service: 'bff', level: 'error' })
const options = proxyGatewayOptions(JSON.parse(plan) as ProxyPlan, lanes.split(',') as Lane[])
await createGateway(options, { telemetry })
process.on('SIGTERM', () => process.exit(0))
process.stdout.write('ready\n')
