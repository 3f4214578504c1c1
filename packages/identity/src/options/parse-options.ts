import { SallyportError } from '@sallyport/core'
import { createTelemetry, type Telemetry } from '@sallyport/telemetry'
import { z } from 'zod'
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
  readonly dataDir: string
  readonly clients: ReadonlyMap<string, IdentityClientOptions>
  readonly resources: ReadonlyMap<string, ResourceOptions>
  readonly accounts: readonly AccountOptions[]
  readonly allowedPrivateOrigins: ReadonlySet<string>
  readonly lifetimes: Readonly<Required<LifetimeOptions>>
  readonly telemetry: Telemetry
}

const defaultLifetimes: Required<LifetimeOptions> = {
  accessToken: 300,
  authorizationCode: 60,
  idToken: 300,
  interaction: 3600,
  refreshToken: 43_200,
  session: 43_200,
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws `ERR_CONFIG_INVALID` that names all problems at once, each with its path.
 */
export function parseIdentityOptions(options: IdentityOptions): IdentityConfig {
  const parsed = identitySchema.safeParse(options)
  const problems = (parsed.error?.issues ?? []).map(
    (issue) => `${z.core.toDotPath(issue.path) || 'options'}: ${issue.message}`,
  )
  problems.push(...crossCheck(options).map(({ path, message }) => `${path}: ${message}`))
  if (!parsed.success || problems.length > 0) {
    const lines = problems.map((problem) => `\n  - ${problem}`).join('')
    throw new SallyportError('ERR_CONFIG_INVALID', `identity server options:${lines}`)
  }
  return resolve(parsed.data)
}

function resolve(options: IdentityOptions): IdentityConfig {
  const { clients, resources, allowedPrivateOrigins = [], lifetimes, telemetry } = options
  return Object.freeze({
    issuer: options.issuer,
    dataDir: options.dataDir,
    clients: new Map(clients.map((client) => [client.clientId, withExchangeGrant(client)])),
    resources: new Map(resources.map((resource) => [resource.identifier, resource])),
    accounts: options.accounts,
    allowedPrivateOrigins: new Set(allowedPrivateOrigins),
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
