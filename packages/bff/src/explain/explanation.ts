import type { ErrorCode } from '@sallyport/core'
import type { Endpoint } from '../endpoints/table.ts'
import type { HeaderRow } from '../routes/header-table.ts'

/** What would become of a request, without making it. Holds no secret. */
export interface Explanation {
  readonly method: string
  /** The request-target, as it was given. */
  readonly target: string
  readonly host: string
  /** The frontend that answers; absent when none does, or it would have to be looked up. */
  readonly frontend?: string
  readonly outcome: Outcome
  /** Routes that nearly had it, or that it would go to if there were not a better one. */
  readonly others: readonly OtherRoute[]
}

/** Who answers, and how. */
export type Outcome =
  | RefusedOutcome
  | EndpointOutcome
  | RouteOutcome
  /** The application around the BFF: its static files. */
  | { readonly kind: 'pass'; readonly path: string }
  /** A frontend that is looked up when it is asked for, which is not done here. */
  | { readonly kind: 'tenant' }

/** Nobody does: the BFF refuses it, whoever asks. */
export interface RefusedOutcome {
  readonly kind: 'refused'
  readonly code: ErrorCode
  readonly status: number
  readonly title: string
  readonly why: string
  /** The methods there are, when that is what is wrong. */
  readonly allow?: readonly string[]
}

/** An endpoint of the BFF's own. */
export interface EndpointOutcome {
  readonly kind: 'endpoint'
  readonly path: string
  readonly caller: Endpoint['caller']
  readonly csrf: string
}

/** A proxied route. */
export interface RouteOutcome {
  readonly kind: 'route'
  readonly match: string
  /** Where it stands in the frontend's `routes`. */
  readonly index: number
  readonly methods: readonly string[]
  readonly callers: readonly CallerExplanation[]
  /** The URL that is asked for, path parameters and query included. */
  readonly upstream: string
  readonly request: HeadersExplanation
  readonly response: HeadersExplanation & {
    readonly cache: 'none' | 'upstream'
    readonly cookies: readonly string[]
    readonly redirectOrigins: readonly string[]
  }
  /** Origins besides the own one whose pages may call, and with what methods. */
  readonly cors: { readonly origins: readonly string[]; readonly methods: readonly string[] }
  readonly limits: { readonly timeout: number }
}

/** One kind of caller, and what it gets. */
export interface CallerExplanation {
  readonly caller: 'session' | 'visitor' | 'bearer' | 'native'
  /** What it must show. */
  readonly needs: readonly string[]
  /** Whose access token goes to the upstream; absent when the call is refused. */
  readonly token?: TokenExplanation
  readonly refused?: { readonly code: ErrorCode; readonly status: number }
}

/** The access token that goes along. */
export interface TokenExplanation {
  readonly kind: 'user' | 'client' | 'none'
  /** How it is had. */
  readonly grant?: 'refresh' | 'exchange' | 'client_credentials' | 'session'
  readonly resource?: string
  readonly audience?: string
  readonly scopes?: readonly string[]
}

/** What becomes of header fields in one direction. */
export interface HeadersExplanation {
  /** Said by the BFF. A value that a request brings, or that may be a secret, stands as `<what it is>`. */
  readonly set: readonly { readonly name: string; readonly value: string }[]
  /** Removed by the route. */
  readonly removed: readonly string[]
  /** The policy for what the other side says, of all routes. */
  readonly policy: readonly HeaderRow[]
}

/** A route that does not get the request. */
export interface OtherRoute {
  readonly match: string
  readonly index: number
  readonly methods: readonly string[]
  readonly why: string
}
