/**
 * The browser's side of a BFF: session state, sign-in, sign-out, fetch. No token anywhere.
 *
 * @module
 */

export { type Client, type ClientOptions, createClient } from './client.ts'
export type { LoginOptions } from './login.ts'
export type { Page } from './page.ts'
export { type ProblemDetails, readProblem } from './problem.ts'
export type { Session, SessionOptions, SessionState } from './session.ts'
