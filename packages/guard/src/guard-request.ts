import type { TokenRequestHead } from '@sallyport/core/access-token'

/** The head of a request to an API, as far as the access token is concerned. */
export type GuardRequest = TokenRequestHead
