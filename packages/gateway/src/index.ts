export { createGateway, type Gateway, type GatewayParts } from './create-gateway.ts'
export { type GatewayConfig, type GatewayOptions, parseGatewayOptions } from './options.ts'
