export { createGateway, type Gateway, type GatewayParts } from './create-gateway.ts'
export type { OperatorCredential, OperatorOptions } from './operator/operator-options.ts'
export type { FrontendsGatewayOptions, GatewayFrontend, GatewayOptions } from './options.ts'
