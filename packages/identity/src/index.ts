export { createIdentityServer, type IdentityServer } from './identity-server.ts'
export type {
  ClientAuthentication,
  ClientSecretAuthentication,
  TlsClientAuthentication,
} from './options/client-authentication.ts'
export type {
  AccountOptions,
  GrantType,
  IdentityClientOptions,
  IdentityOptions,
  LifetimeOptions,
  ResourceOptions,
  ResponseMode,
  TokenExchangeOptions,
} from './options/identity-options.ts'
