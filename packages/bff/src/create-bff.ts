import { type Clock, type ErrorCode, systemClock } from '@sallyport/core'
import type { Awaitable, SessionFilter, SessionStore } from '@sallyport/session'
import { createAudit, type Telemetry } from '@sallyport/telemetry'
import { chain } from './awaitable.ts'
import { type Background, createBackground } from './background.ts'
import { type ClientAddress, createClientAddress } from './client-address/client-address.ts'
import { parseConfig } from './config.ts'
import type { BffContext, BffRequest } from './context.ts'
import { createCookies } from './cookies.ts'
import type { Decision, RequestHead } from './decision.ts'
import { callEndpoint, scriptMethods } from './endpoints/call.ts'
import { toErrorDecision } from './error-decision.ts'
import { createSessionWatch } from './events/session-watch.ts'
import { revokeLate } from './logout/late-revocation.ts'
import { createMassLogout } from './logout/mass-logout.ts'
import { createOnce } from './logout/once.ts'
import { createRevocations } from './logout/revocations.ts'
import { createSignOutCookies } from './logout/sign-out-cookies.ts'
import { createLogoutTokenVerifier } from './logout-token.ts'
import { createCodes } from './native/codes.ts'
import { endBoth } from './native/end-both.ts'
import { createNativeSessions } from './native/native-sessions.ts'
import { createUnclaimedGrants } from './native/unclaimed-grants.ts'
import { createOidcClient } from './oidc/oidc-client.ts'
import type { BffConfig, BffOptions } from './options.ts'
import { readRequest } from './read-request.ts'
import { respondError } from './respond.ts'
import { answerPreflight, withCors } from './routes/cors.ts'
import { proxy } from './routes/proxy.ts'
import { createRouting } from './routes/routing.ts'
import { createSessions } from './sessions/create-sessions.ts'
import { withStoreFailures } from './sessions/store-failures.ts'
import { createStoredSessions } from './sessions/stored-sessions.ts'
import { createSignals } from './signals/signals.ts'
import { createAccessTokens } from './tokens/access-tokens.ts'
import { createBearerCallers } from './tokens/bearer-callers.ts'
import { withBreaker } from './tokens/breaker.ts'
import { createClientTokens } from './tokens/client-tokens.ts'
import { createCredentials } from './tokens/credentials.ts'
import { createExchangedTokens } from './tokens/exchanged-tokens.ts'
import { toLeaseTimes } from './tokens/lease-hold.ts'
import { createProofNonces } from './tokens/proof-nonces.ts'
import { createRenewAhead } from './tokens/renew-ahead.ts'
import { createVisitors } from './visitors/visitors.ts'

/** What the BFF needs from its surroundings. */
export interface BffParts {
  store: SessionStore
  telemetry: Telemetry
  /** @defaultValue the machine's clock */
  clock?: Clock
  /**
   * Who a request comes from, for APIs: see `createClientAddress`.
   * @defaultValue the peer's address
   */
  clientAddress?: ClientAddress
}

/** The Backend for Frontend, without any I/O of its own towards the browser or upstreams. */
export interface Bff {
  readonly config: BffConfig
  /**
   * What to do with a request: at once when nothing has to be waited for, else as a promise.
   * Neither throws nor rejects: failures are decisions too.
   */
  decide(head: RequestHead): Awaitable<Decision>
  /** Loads the issuer's metadata ahead of the first sign-in. Rejects while it cannot be had. */
  prepare(): Promise<void>
  /**
   * Ends this frontend's sessions that match, lie in the store and can be read here, and revokes their
   * tokens. A part of what `createOperator` does, which ends the rest.
   *
   * @param id only the one of this id.
   * @returns how many.
   */
  endReadable(filter: SessionFilter, id?: string): Promise<number>
  /** Ends the event streams, so that a server can close: those who hold them come back, in time. */
  endStreams(): void
  /** Waits for work in the background, such as revocations. The store stays open: it is yours. */
  close(): Promise<void>
}

/**
 * Creates a BFF.
 *
 * @throws `ERR_CONFIG_INVALID`, naming every problem in `options`.
 */
export function createBff(options: BffOptions, parts: BffParts): Bff {
  return createBffOf(parseConfig(options), parts)
}

/** {@link createBff} for options that have been checked. Begins its work in the background. */
export function createBffOf(config: BffConfig, parts: BffParts): Bff {
  const { clientAddress = createClientAddress() } = parts
  const background = createBackground(parts.telemetry.log)
  const context = createContext(config, parts, background)
  keepRevoking(context, background)
  const routing = createRouting(config)

  function route(request: BffRequest): Awaitable<Decision> {
    const { path } = request.url
    const place = routing.find(path, request.method)
    const methods = place.kind === 'endpoint' ? scriptMethods(path) : place.route?.allow
    const preflight = answerPreflight(request, config.allowedOrigins, methods)
    if (preflight) return preflight
    if (place.kind === 'endpoint') return callEndpoint(request, context)
    if (place.kind === 'route') return proxy(request, place.route, context)
    const answerFailure = (code: ErrorCode) => respondError(request, code)
    return { kind: 'pass', path, frontend: config.frontend, answerFailure }
  }

  function answer(head: RequestHead): Awaitable<Decision> {
    const failed = (error: unknown) => toErrorDecision(head, error, context)
    try {
      const decision = route(readRequest(head, config, clientAddress))
      return decision instanceof Promise ? decision.catch(failed) : decision
    } catch (error) {
      return failed(error)
    }
  }

  return {
    config,

    decide: (head) =>
      chain(answer(head), (decision) => withCors(head, config.allowedOrigins, decision)),

    prepare: () => context.oidc.prepare(),

    endReadable: (filter, id) => context.massLogout.readable(filter, id),

    endStreams: () => context.sessionWatch.close(),

    async close() {
      context.sessionWatch.close()
      await context.signals?.close()
      await background.close()
    },
  }
}

function createContext(config: BffConfig, parts: BffParts, background: Background): BffContext {
  const { telemetry, clock = systemClock } = parts
  const store = withStoreFailures(parts.store)
  const { log } = telemetry
  const oidc = withBreaker(createOidcClient(config, telemetry, clock), {
    trialTime: config.issuerTimeout,
  })
  const { run: inBackground } = background
  const revocations = createRevocations({ config, store, oidc, clock, log, inBackground })
  const around = { config, clock, log, later: background.later }
  const renewAhead = createRenewAhead(log)
  const resources = resourcesOf(config)
  const signInRequest = { resource: resources[0] }
  const renewal = {
    ...{ oidc, clock, log, renewAhead, signInRequest, revocations },
    times: toLeaseTimes(config.issuerTimeout),
  }
  const nonces = createProofNonces(config, clock)
  const proofs = { clock, replays: store, nonces }
  const native = config.nativeApps.length > 0 ? createNative() : undefined
  const once = createOnce(store, clock)
  const ownSessions = createSessions({
    ...{ ...around, store: parts.store },
    onEnded(session, reason) {
      const work = revokeLate(session, reason, { sessions: ownSessions, revocations, once, clock })
      inBackground(work, 'tokens of an ended session are not revoked yet')
    },
  })
  const isSealed = config.session.mode === 'sealed'
  const sessions = native && isSealed ? endBoth(ownSessions, native.sessions) : ownSessions
  const stored = native && isSealed ? native.sessions : ownSessions
  const massLogout = createMassLogout({ config, sessions, stored, revocations, clock, log })

  function createNative() {
    const stored = createStoredSessions({ ...around, store })
    const accessTokens = createAccessTokens({ ...renewal, sessions: stored })
    const codes = createCodes(config, store, clock)
    const unclaimed = createUnclaimedGrants({ ...around, codes, revocations })
    return createNativeSessions({
      ...{ ...proofs, config, sessions: stored, accessTokens, codes, unclaimed },
    })
  }

  return {
    ...{ config, clock, log, audit: createAudit(log), oidc, sessions, resources, signInRequest },
    sessionWatch: createSessionWatch({
      ...{ sessions, clock, log, later: background.later },
      ...{ mode: config.session.mode, most: config.events.mostStreams },
    }),
    visitors: createVisitors({ config, store, clock, log }),
    ...{ revocations, massLogout, inBackground, once },
    cookies: createCookies(config, clock),
    signOutCookies: createSignOutCookies(config, clock),
    accessTokens: createAccessTokens({ ...renewal, sessions }),
    ...{ native, proofNonces: nonces },
    bearer:
      config.bearer &&
      createBearerCallers({
        ...{ ...proofs, oidc, config: { ...config, bearer: config.bearer } },
        exchangedTokens: createExchangedTokens({ config, oidc, clock }),
      }),
    clientTokens: createClientTokens({ oidc, clock, renewAhead }),
    credentials: createCredentials(oidc.dpopNonces, clock),
    verifyLogoutToken: createLogoutTokenVerifier(config, oidc, clock),
    signals:
      config.signals &&
      createSignals(config.signals, {
        ...{ config, clock, log, oidc, sessions, massLogout, telemetry },
      }),
  }
}

/** Seconds, on average, between two looks for revocations that are due. */
const revokeInterval = 5

/** Spread out, so that many processes do not look at the same moment. */
function keepRevoking(context: BffContext, background: Background): void {
  background.later(revokeInterval * (0.5 + Math.random()), async () => {
    try {
      await context.revocations.runDue()
    } finally {
      keepRevoking(context, background)
    }
  })
}

/** What users' tokens are for; asked for at sign-in, the first together with the code. */
function resourcesOf({ routes }: BffConfig): string[] {
  const asked = routes.filter(({ token, grant }) => token.startsWith('user') && grant === 'refresh')
  return [...new Set(asked.flatMap(({ resource }) => resource ?? []))]
}
