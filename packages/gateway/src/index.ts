export { createGateway, type Gateway, type GatewayParts } from './create-gateway.ts'
export type { GatewayOptions } from './options.ts'
