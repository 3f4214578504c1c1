import { parseOptions } from '@sallyport/core/options'
import { createTelemetry, type Telemetry } from '@sallyport/telemetry'
import { crossCheck } from './cross-checks.ts'
import type {
  AccountOptions,
  GrantType,
  IdentityClientOptions,
  IdentityOptions,
  LifetimeOptions,
  ResourceOptions,
} from './identity-options.ts'
import { identitySchema, tokenExchangeGrant } from './identity-schema.ts'

/** The options, complete: nothing is optional any more. */
export interface IdentityConfig {
  readonly issuer: string
  readonly internalUrl: string | undefined
  readonly dataDir: string
  readonly clients: ReadonlyMap<string, IdentityClientOptions>
  readonly resources: ReadonlyMap<string, ResourceOptions>
  readonly accounts: readonly AccountOptions[]
  readonly allowedPrivateOrigins: ReadonlySet<string>
  readonly requireDpopNonce: boolean
  readonly lifetimes: Readonly<Required<LifetimeOptions>>
  readonly telemetry: Telemetry
}

const defaultLifetimes: Required<LifetimeOptions> = {
  accessToken: 300,
  authorizationCode: 60,
  idToken: 300,
  interaction: 3600,
  refreshToken: 43_200,
  refreshTokenGrace: 10,
  session: 43_200,
}

/** All problems at once: the parts are seen together even when some of them are malformed. */
const schema = identitySchema.superRefine(
  (options, context) => {
    for (const problem of crossCheck(options)) context.addIssue({ code: 'custom', ...problem })
  },
  { when: () => true },
)

/**
 * Checks the options and fills in the defaults.
 *
 * @throws `ERR_CONFIG_INVALID` that names all problems at once, each with its path.
 */
export function parseIdentityOptions(options: IdentityOptions): IdentityConfig {
  return resolve(parseOptions(schema, options, 'identity server'))
}

function resolve(options: IdentityOptions): IdentityConfig {
  const { clients, resources, allowedPrivateOrigins = [], lifetimes, telemetry } = options
  return Object.freeze({
    issuer: options.issuer,
    internalUrl: options.internalUrl,
    dataDir: options.dataDir,
    clients: new Map(clients.map((client) => [client.clientId, withExchangeGrant(client)])),
    resources: new Map(resources.map((resource) => [resource.identifier, resource])),
    accounts: options.accounts,
    allowedPrivateOrigins: new Set(allowedPrivateOrigins),
    requireDpopNonce: options.requireDpopNonce ?? false,
    lifetimes: { ...defaultLifetimes, ...lifetimes },
    telemetry: telemetry ?? createTelemetry({ service: 'identity' }),
  })
}

function withExchangeGrant(client: IdentityClientOptions): IdentityClientOptions {
  if (!client.tokenExchange) return client
  return {
    ...client,
    grantTypes: [...new Set<GrantType>([...client.grantTypes, tokenExchangeGrant])],
  }
}
