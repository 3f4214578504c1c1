export { createIdentityServer, type IdentityServer } from './identity-server.ts'
export type {
  AccountOptions,
  GrantType,
  IdentityClientOptions,
  IdentityOptions,
  LifetimeOptions,
  ResourceOptions,
  TokenExchangeOptions,
} from './options/identity-options.ts'
