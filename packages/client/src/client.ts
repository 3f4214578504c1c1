import type { LogoutResponse, SessionEndReason, UserResponse } from '@sallyport/core/contract'
import { type LoginOptions, toLoginQuery } from './login.ts'
import type { Page } from './page.ts'
import { readProblem } from './problem.ts'
import { parseSession, type Session, type SessionOptions, type SessionState } from './session.ts'
import { createTraceparent } from './traceparent.ts'
import { csrfName, csrfValue, loginPath, loginRequired, logoutPath, userPath } from './wire.ts'

/** Settings of a client; all have a default. */
export interface ClientOptions {
  /**
   * What comes before `/bff/...`, for a BFF that is not at the root: `/shop`.
   *
   * @defaultValue ''
   */
  basePath?: string
  /**
   * Carries the requests.
   *
   * @defaultValue the page's own `fetch`
   */
  fetch?: typeof fetch
  /**
   * Called when a session this page had is over: expired, refused or signed out in any tab. Why is
   * known if it ran out, if another tab told it, or from `@sallyport/client/events`.
   */
  onSessionEnd?: (reason: SessionEndReason | undefined) => void
}

/** One page's view of its session. */
export interface Client {
  /** What comes before `/bff/...`. */
  readonly basePath: string
  /**
   * Asks the BFF who is signed in. Calls at the same time share one request.
   *
   * @returns nothing when nobody is signed in
   * @throws when the question was not answered: the error `fetch` gave, or an error whose `cause`
   * is the response. Such a failure never signs anybody out.
   */
  session(options?: SessionOptions): Promise<Session | undefined>
  /**
   * Leaves the page to sign in. `prompt: 'create'` makes a new account, `prompt: 'select_account'`
   * lets the person choose another one.
   */
  login(options?: LoginOptions): void
  /**
   * Ends the session here, in all tabs and at the issuer: leaves the page for its sign-out.
   *
   * @throws when the BFF did not end the session; it goes on then
   */
  logout(): Promise<void>
  /**
   * `fetch` with the session: same origin only (also after redirects), with the anti-forgery
   * header and a fresh W3C `traceparent`. A `login_required` answer ends the session here and
   * is returned like any other. Does not throw for an error status: see `readProblem`.
   *
   * @throws TypeError before anything is sent, when the URL is of another origin
   */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** The trace a response of {@link Client.fetch} belongs to, to quote to support. */
  traceId(response: Response): string | undefined
  /** Calls back on each change of {@link Client.getSnapshot}; the first one asks the BFF. */
  subscribe(listener: () => void): () => void
  getSnapshot(): SessionState
}

/**
 * Makes the client of a page. On a server it can be made and rendered, and stays `loading`.
 *
 * The second parameter stands in for the page's globals in tests.
 */
export function createClient(
  { basePath = '', fetch, onSessionEnd }: ClientOptions = {},
  page: Page = globalThis,
): Client {
  const listeners = new Set<() => void>()
  const traceIds = new WeakMap<Response, string>()
  let state: SessionState = { status: 'loading' }
  let pending: Promise<Session | undefined> | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let isSliding = false
  let hadSession = false
  const { document } = page
  let channel: InstanceType<Page['BroadcastChannel']> | undefined

  if (document) {
    channel = new page.BroadcastChannel(`sallyport:${basePath}`)
    channel.onmessage = ({ data }) => end(data)
    page.addEventListener('pageshow', (event) => {
      if (!event.persisted) return
      // The page as it was frozen may show what its reader may no longer see: hide it first.
      pending = undefined
      change({ status: 'loading' })
      check()
    })
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') check()
    })
  }

  return {
    basePath,
    session,
    login(options) {
      page.location.assign(`${basePath}${loginPath}?${toLoginQuery(page.location, options)}`)
    },
    async logout() {
      const body = await askBff<LogoutResponse>(logoutPath, { method: 'POST' })
      end('logout', false)
      channel?.postMessage('logout')
      if (body) page.location.assign(body.logoutUrl)
    },
    async fetch(path, init) {
      const response = await send(path, init)
      if (response.status === 401) {
        const problem = await readProblem(response)
        if (problem?.type === loginRequired) end()
      }
      return response
    },
    traceId: (response) => traceIds.get(response),
    subscribe(listener) {
      listeners.add(listener)
      if (state.status === 'loading') check()
      return () => listeners.delete(listener)
    },
    getSnapshot: () => state,
  }

  function session({ slide = true, reason }: SessionOptions = {}): Promise<Session | undefined> {
    if (pending && (isSliding || !slide)) return pending
    isSliding = slide
    const asked: Promise<Session | undefined> = ask(slide).then(
      (found) => {
        // A sign-out came in between: it wins over an answer from before it.
        if (pending !== asked) return pending
        pending = undefined
        if (found) begin(found)
        else end(reason)
        return found
      },
      (error) => {
        if (pending === asked) {
          pending = undefined
          if (!isKnown()) change({ status: 'failed', error })
        }
        throw error
      },
    )
    pending = asked
    return asked
  }

  async function ask(slide: boolean): Promise<Session | undefined> {
    const nowMs = Date.now()
    const claims = await askBff<UserResponse>(userPath + (slide ? '' : '?slide=false'))
    return claims && parseSession(claims, nowMs)
  }

  /** The answer of one of the BFF's own endpoints; nothing when nobody is signed in. */
  async function askBff<Answer>(path: string, init?: RequestInit): Promise<Answer | undefined> {
    const response = await send(basePath + path, init)
    if (response.status === 401) return
    if (!response.ok) throw new Error(`status ${response.status}`, { cause: response })
    return response.json()
  }

  /** Asks without counting as activity; the state tells how it went. */
  function check(reason?: SessionEndReason): void {
    if (document) session({ slide: false, reason }).catch(() => {})
  }

  /** Whether the state holds without a new answer: a session does until it expires. */
  function isKnown(): boolean {
    if (state.status === 'signed_in') return +state.session.expiresAt > Date.now()
    return state.status === 'signed_out'
  }

  function begin(found: Session): void {
    hadSession = true
    change({ status: 'signed_in', session: found })
    const delayMs = +found.expiresAt - Date.now()
    // At least a second, so that a session of no time left cannot turn this into a busy loop;
    // at most what setTimeout knows, or it would fire at once.
    timer = setTimeout(check, Math.min(Math.max(delayMs, 1000), 2 ** 31 - 1), 'expired')
  }

  function end(reason?: SessionEndReason, isNews = true): void {
    pending = undefined
    if (state.status === 'signed_out') return
    const had = hadSession
    hadSession = false
    change({ status: 'signed_out', ended: had && isNews, reason })
    if (had) onSessionEnd?.(reason)
  }

  function change(next: SessionState): void {
    clearTimeout(timer)
    state = next
    for (const listener of listeners) listener()
  }

  async function send(path: string, init?: RequestInit): Promise<Response> {
    const { href, origin } = page.location
    const target = new URL(path, href).href
    if (!target.startsWith(`${origin}/`)) throw new TypeError(`not of this origin: ${path}`)
    const headers = new Headers(init?.headers)
    headers.set(csrfName, csrfValue)
    const traceparent = headers.get('traceparent') ?? createTraceparent(page.crypto)
    headers.set('traceparent', traceparent)
    // mode: a redirect to another origin fails instead of taking the body there.
    const guarded = { ...init, headers, credentials: 'same-origin', mode: 'same-origin' } as const
    const response = await (fetch ?? page.fetch)(target, guarded)
    traceIds.set(response, traceparent.slice(3, 35))
    return response
  }
}
