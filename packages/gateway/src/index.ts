export {
  createGatewayFromFile,
  type FileGateway,
} from './configuration/gateway-from-file.ts'
export { configurationJsonSchema, type JsonSchema } from './configuration/json-schema.ts'
export {
  type Configuration,
  type ConfigurationSource,
  readConfiguration,
} from './configuration/read-configuration.ts'
export type { Reading } from './configuration/read-text.ts'
export { createGateway, type Gateway, type GatewayParts } from './create-gateway.ts'
export type { OperatorCredential, OperatorOptions } from './operator/operator-options.ts'
export type {
  FrontendsGatewayOptions,
  GatewayConfig,
  GatewayFrontend,
  GatewayOptions,
  Lane,
} from './options.ts'
export { webMethods } from './web-files.ts'
