import type { Provider } from 'oidc-provider'

/** A middleware of the provider, which is a Koa application. */
export type Middleware = Parameters<Provider['use']>[0]

/** What a middleware gets. */
export type Context = Parameters<Middleware>[0]
