import { distinctBy, parseOptions, secureUrl, strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import { events } from './options/event-options.ts'
import { fapi2Problems } from './options/fapi2.ts'
import { issuerProblems, issuerShape } from './options/issuer-schema.ts'
import { logout } from './options/logout-options.ts'
import { route } from './options/route-options.ts'
import { secret } from './options/secret.ts'
import { session } from './options/session-options.ts'
import { visitors } from './options/visitor-options.ts'
import type { BffConfig, BffOptions } from './options.ts'
import { signals } from './signals/signals-schema.ts'

const basePathPattern = /^(?:\/[a-z0-9-]+)*\/?$/

const schema = strictObject({
  publicUrl: secureUrl.transform(toUrl).refine(({ href, origin }) => {
    return basePathPattern.test(href.slice(origin.length))
  }, 'must be an origin, or an origin and a path of lower-case letters, digits and "-"'),
  ...issuerShape,
  sealKeys: z.array(strictObject({ kid: z.string(), key: secret })).min(1),
  routes: distinctBy('match', route).default([]),
  session,
  visitors,
  events,
  logout,
  signals: signals.optional(),
}).superRefine((config, context) => {
  for (const problem of [...issuerProblems(config), ...fapi2Problems(config)]) {
    context.addIssue({ code: 'custom', message: problem.message, path: [...problem.path] })
  }
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
