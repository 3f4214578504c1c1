export { createGateway, type Gateway, type GatewayParts } from './create-gateway.ts'
export type { FrontendsGatewayOptions, GatewayFrontend, GatewayOptions } from './options.ts'
