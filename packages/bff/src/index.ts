export { type Bff, type BffParts, createBff } from './create-bff.ts'
export type {
  Decision,
  ForwardDecision,
  HeaderList,
  PassDecision,
  ReadDecision,
  RequestHead,
  RespondDecision,
} from './decision.ts'
export { isNavigation } from './headers.ts'
export type {
  BffConfig,
  BffOptions,
  ClientPrivateKey,
  ClientSecret,
  LogoutOptions,
  RouteConfig,
  RouteOptions,
  SessionOptions,
} from './options.ts'
export { type ErrorOptions, respondError } from './respond.ts'
