export {
  type AccessTokenClaims,
  isClientToken,
  type Replays,
  scopesOf,
} from '@sallyport/core/access-token'
export { type ApiAnswer, type ApiProblem, problemAnswer } from './api/answer.ts'
export { type ApiOptions, createApiHandler } from './api/api-handler.ts'
export type { JsonBody } from './api/json-body.ts'
export type { ApiCall, ApiRoute, GuardedRoute, PublicCall, PublicRoute } from './api/routes.ts'
export { type ClientCredentials, createClientCredentials } from './client-credentials.ts'
export type { GuardContext } from './context.ts'
export { createGuard, type Guard, type Permission } from './guard.ts'
export type { GuardOptions, SignatureAlgorithm } from './guard-options.ts'
export type { GuardRequest } from './guard-request.ts'
export type { Refusal } from './refusal.ts'
export type { Requirement } from './requirement.ts'
export { createTokenExchange, type TokenExchange } from './token-exchange.ts'
export type { ObtainedToken, TokenClientOptions, TokenTarget } from './token-request.ts'
