export {
  type ClientAddress,
  createClientAddress,
  type TrustedProxiesOptions,
  trustedProxiesJsonSchema,
} from './client-address/client-address.ts'
export type { ForwardedHeader } from './client-address/forwarded-nodes.ts'
export { bffJsonSchema } from './config.ts'
export { type Bff, type BffParts, createBff } from './create-bff.ts'
export type {
  Decision,
  ForwardDecision,
  HeaderList,
  PassDecision,
  ReadDecision,
  RequestHead,
  RespondDecision,
  StreamDecision,
} from './decision.ts'
export { explainRequest, type Question } from './explain/explain-request.ts'
export type {
  CallerExplanation,
  EndpointOutcome,
  Explanation,
  HeadersExplanation,
  OtherRoute,
  Outcome,
  RefusedOutcome,
  RouteOutcome,
  TokenExplanation,
} from './explain/explanation.ts'
export { checkFrontends, type FrontendsConfig } from './frontends/check-frontends.ts'
export { createFrontends, type Frontends } from './frontends/create-frontends.ts'
export type {
  FrontendsOptions,
  TenantPlace,
  TenantResolver,
  TenantsConfig,
  TenantsOptions,
} from './frontends/options.ts'
export { isNavigation } from './headers.ts'
export { createOperator, type OperatorParts } from './operator/create-operator.ts'
export type {
  Operator,
  OperatorCount,
  OperatorPage,
  OperatorSession,
} from './operator/operator.ts'
export type { BearerConfig, BearerOptions, RouteCaller } from './options/caller-options.ts'
export type { EventConfig, EventOptions } from './options/event-options.ts'
export type {
  HeaderChangesConfig,
  RouteHeaderConfig,
  RouteHeaderOptions,
} from './options/header-options.ts'
export type {
  ClientCertificate,
  ClientPrivateKey,
  ClientSecret,
  IssuerConfig,
  IssuerOptions,
  PrivateJwk,
} from './options/issuer-options.ts'
export type {
  BackchannelOptions,
  LogoutConfig,
  LogoutOptions,
  LogoutShape,
} from './options/logout-options.ts'
export type { NativeAppConfig, NativeAppOptions } from './options/native-options.ts'
export type { OriginConfig, OriginOptions } from './options/origin-options.ts'
export type { ProofConfig, ProofOptions } from './options/proof-options.ts'
export type { RouteConfig, RouteOptions, RouteToken } from './options/route-options.ts'
export type { SessionConfig, SessionOptions } from './options/session-options.ts'
export type {
  RetryMethod,
  UpstreamBreaker,
  UpstreamConfig,
  UpstreamHealth,
  UpstreamOptions,
  UpstreamQueueOptions,
  UpstreamRetries,
  UpstreamTimeouts,
  UpstreamTls,
} from './options/upstream-options.ts'
export type { VisitorConfig, VisitorOptions } from './options/visitor-options.ts'
export type { BffConfig, BffOptions } from './options.ts'
export { type ErrorOptions, respondError } from './respond.ts'
export type { HeaderFate, HeaderRow } from './routes/header-table.ts'
export type {
  PollConfig,
  PollOptions,
  PushOptions,
  SignalsConfig,
  SignalsOptions,
} from './signals/signals-options.ts'
