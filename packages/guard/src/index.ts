export { type AccessTokenClaims, isClientToken, scopesOf } from './access-token-claims.ts'
export { type ApiAnswer, type ApiProblem, problemAnswer } from './api/answer.ts'
export { type ApiOptions, createApiHandler } from './api/api-handler.ts'
export type { JsonBody } from './api/json-body.ts'
export type { ApiCall, ApiRoute, GuardedRoute, PublicCall, PublicRoute } from './api/routes.ts'
export type { GuardRequest } from './bearer-token.ts'
export { type ClientCredentials, createClientCredentials } from './client-credentials.ts'
export type { GuardContext } from './context.ts'
export {
  createGuard,
  type Guard,
  type GuardOptions,
  type Permission,
  type Requirement,
  type SignatureAlgorithm,
} from './guard.ts'
export type { Refusal } from './refusal.ts'
export { createTokenExchange, type TokenExchange } from './token-exchange.ts'
export type { ObtainedToken, TokenClientOptions, TokenTarget } from './token-request.ts'
