import type { IncomingMessage, ServerResponse } from 'node:http'
import { SallyportError, systemClock } from '@sallyport/core'
import { Provider } from 'oidc-provider'
import { openAccounts } from './accounts/account-store.ts'
import { createSignInThrottle } from './accounts/sign-in-throttle.ts'
import { createAuditLog, recordProviderEvents } from './audit-log.ts'
import { createClaimsDesk } from './grants/access-token-claims.ts'
import { shareSuccessors } from './grants/refresh-token-grace.ts'
import { bindTokensToSessions } from './grants/session-binding.ts'
import { registerTokenExchange } from './grants/token-exchange.ts'
import { createErrorBoundary } from './http/error-boundary.ts'
import { createGuardedFetch } from './http/guarded-fetch.ts'
import { createRequestListener } from './http/request-listener.ts'
import { createInteractionRoutes } from './interactions/interaction-routes.ts'
import { createInternalConfirmation } from './interactions/internal-confirmation.ts'
import { createStaySignedIn } from './interactions/stay-signed-in.ts'
import { loadServerKeys } from './keys/server-keys.ts'
import type { IdentityOptions } from './options/identity-options.ts'
import { type IdentityConfig, parseIdentityOptions } from './options/parse-options.ts'
import { createProviderPages } from './pages/provider-pages.ts'
import {
  createProviderConfiguration,
  type ProviderParts,
} from './provider/provider-configuration.ts'
import { createResponseHeaders } from './provider/response-headers.ts'
import { createArtifactStore } from './storage/adapter.ts'
import { openStorage, type Storage } from './storage/environment.ts'
import { detectReplaysAtOnce } from './storage/replay-detection.ts'
import { startSweeper } from './storage/sweeper.ts'

/** A running identity server, without a socket of its own. */
export interface IdentityServer {
  /** Listener for `http.createServer`. Give that server its time-outs and header limits. */
  handler: (req: IncomingMessage, res: ServerResponse) => void
  /** Waits for requests under way, then closes the store. */
  close(): Promise<void>
}

/**
 * Creates an identity server: an OpenID Provider with sign-in, consent and sign-out pages, and its
 * state in one folder.
 *
 * @throws `ERR_CONFIG_INVALID` with every problem of the options, or when the keys in `dataDir`
 *   cannot be used.
 */
export async function createIdentityServer(options: IdentityOptions): Promise<IdentityServer> {
  const config = parseIdentityOptions(options)
  const storage = openStorage(config.dataDir)
  const release = async () => {
    await storage.close()
    if (!options.telemetry) await config.telemetry.close()
  }
  try {
    return await start(config, storage, release)
  } catch (error) {
    await release()
    throw error
  }
}

async function start(
  config: IdentityConfig,
  storage: Storage,
  release: () => Promise<void>,
): Promise<IdentityServer> {
  const { log } = config.telemetry
  const clock = systemClock
  const keys = await loadServerKeys(storage, config.dataDir)
  const accounts = await openAccounts(storage, config.accounts)
  const artifacts = createArtifactStore({
    storage,
    sealer: keys.artifactSealer,
    clock,
    refreshTokenGrace: config.lifetimes.refreshTokenGrace,
  })
  const claimsDesk = createClaimsDesk()
  const provider = await createProvider({
    config,
    keys,
    artifacts,
    accounts,
    claimsDesk,
    providerPages: createProviderPages(config, accounts, artifacts),
    fetch: createGuardedFetch(config.allowedPrivateOrigins),
    clock,
  })
  recordProviderEvents(provider, log, artifacts)

  const throttle = createSignInThrottle(storage, clock)
  const audit = createAuditLog(log)
  provider.use(createErrorBoundary(config, log))
  provider.use(createResponseHeaders())
  provider.use(createInternalConfirmation(config, () => callback))
  provider.use(createInteractionRoutes({ provider, config, keys, accounts, throttle, audit }))
  provider.use(createStaySignedIn(config))
  const callback = provider.callback()

  const listener = createRequestListener({ config, storage, callback })
  const stopSweeper = startSweeper(storage, clock, log)
  log.info({ event: 'sys_startup', issuer: config.issuer }, 'identity server ready')
  return {
    handler: listener.handle,
    async close() {
      await listener.drain()
      await stopSweeper()
      log.info({ event: 'sys_shutdown' }, 'identity server closed')
      await release()
    },
  }
}

async function createProvider(parts: ProviderParts): Promise<Provider> {
  const { config, keys } = parts
  const { d: _private, ...publicKey } = keys.signingKey
  const provider = new Provider(config.issuer, createProviderConfiguration(parts))
  registerTokenExchange(provider, { ...parts, publicKey })
  bindTokensToSessions(provider)
  shareSuccessors(provider, parts.artifacts)
  detectReplaysAtOnce(provider)
  // The front guard has replaced the forwarding headers by what the issuer says.
  provider.proxy = true
  // Each session has a sid at each client, with or without back-channel logout.
  Object.assign(provider.Client.prototype, { includeSid: () => true })
  // The library looks at a client's metadata when it is first used: here that is the start.
  for (const clientId of config.clients.keys()) {
    await provider.Client.find(clientId).catch((cause: Error & { error_description?: string }) => {
      const problem = `client "${clientId}": ${cause.error_description ?? cause.message}`
      throw new SallyportError('ERR_CONFIG_INVALID', problem, { cause })
    })
  }
  return provider
}
