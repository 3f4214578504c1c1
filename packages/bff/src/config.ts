import type { Secret } from '@sallyport/core'
import {
  absoluteUri,
  distinctBy,
  httpUrl,
  issuerIdentifier,
  parseOptions,
  scopeToken,
  secureUrl,
  strictObject,
} from '@sallyport/core/options'
import * as z from 'zod'
import { path, route } from './options/route-options.ts'
import { session } from './options/session-options.ts'
import type { BffConfig, BffOptions } from './options.ts'

const secret = z.custom<Secret>(
  (value) => typeof value === 'object' && value !== null && 'reveal' in value,
  'must be made with createSecret',
)

const basePathPattern = /^(?:\/[a-z0-9-]+)*\/?$/

const schema = strictObject({
  publicUrl: secureUrl.transform(toUrl).refine(({ href, origin }) => {
    return basePathPattern.test(href.slice(origin.length))
  }, 'must be an origin, or an origin and a path of lower-case letters, digits and "-"'),
  issuer: issuerIdentifier.transform(toUrl),
  clientId: z.string().min(1),
  clientAuthentication: z.union(
    [
      strictObject({
        privateKey: z
          .looseObject({ kty: z.string(), kid: z.string(), alg: z.string() })
          .refine((jwk) => 'd' in jwk, 'must be a private key'),
      }),
      strictObject({ secret: z.string().min(32, 'must have at least 32 characters') }),
    ],
    'must be either { privateKey }, a JWK with kid and alg, or { secret }',
  ),
  scopes: z
    .array(scopeToken)
    .default(['profile', 'email'])
    .transform((scopes) => [...new Set(['openid', ...scopes])]),
  sealKeys: z.array(strictObject({ kid: z.string(), key: secret })).min(1),
  routes: distinctBy('match', route).default([]),
  session,
  logout: strictObject({
    hint: z.enum(['id_token', 'sid']).default('id_token'),
    returnPath: path.default('/'),
  }).prefault({}),
  issuerTimeout: z.int().positive().default(5),
}) satisfies z.ZodType<Omit<BffConfig, 'basePath' | 'frontend'>, BffOptions>

/**
 * Checks options once, at start.
 *
 * @throws `ERR_CONFIG_INVALID`, naming every problem by its path.
 */
export function parseConfig(options: unknown): BffConfig {
  const config = parseOptions(schema, options, 'bff')
  const { origin, pathname } = config.publicUrl
  const basePath = pathname.replace(/\/$/, '')
  return Object.freeze({ ...config, basePath, frontend: `${origin}${basePath}` })
}

function toUrl(text: string): URL {
  return new URL(text)
}
