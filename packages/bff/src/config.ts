import { createSealer, errorCode, type SallyportError, type SealKey } from '@sallyport/core'
import { parseOptions, secureUrl, strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import { bearer } from './options/caller-options.ts'
import { callerProblems } from './options/caller-problems.ts'
import { events } from './options/event-options.ts'
import { fapi2Problems } from './options/fapi2.ts'
import { issuerProblems, issuerShape } from './options/issuer-schema.ts'
import { logout } from './options/logout-options.ts'
import { nativeApps } from './options/native-options.ts'
import { originProblems, originShape } from './options/origin-options.ts'
import { callerProofs } from './options/proof-options.ts'
import { routes } from './options/route-options.ts'
import { secret } from './options/secret.ts'
import { session } from './options/session-options.ts'
import { completeUpstreams, upstreamProblems, upstreams } from './options/upstream-schema.ts'
import { visitors } from './options/visitor-options.ts'
import type { BffConfig, BffOptions } from './options.ts'
import { signals } from './signals/signals-schema.ts'

const basePathPattern = /^(?:\/[a-z0-9-]+)*\/?$/

const schema = strictObject({
  publicUrl: secureUrl.transform(toUrl).refine(({ href, origin }) => {
    return basePathPattern.test(href.slice(origin.length))
  }, 'must be an origin, or an origin and a path of lower-case letters, digits and "-"'),
  ...originShape,
  ...issuerShape,
  sealKeys: z
    .array(strictObject({ kid: z.string(), key: secret }))
    .min(1)
    .superRefine(assertUsableKeys),
  routes: routes.default([]),
  upstreams,
  bearer: bearer.optional(),
  nativeApps,
  callerProofs,
  session,
  visitors,
  events,
  logout,
  signals: signals.optional(),
}).superRefine((config, context) => {
  const finders = [originProblems, issuerProblems, fapi2Problems, callerProblems, upstreamProblems]
  const problems = finders.flatMap((find) => find(config))
  for (const problem of problems) {
    context.addIssue({ code: 'custom', message: problem.message, path: [...problem.path] })
  }
}) satisfies z.ZodType<
  Omit<BffConfig, 'basePath' | 'frontend' | 'applicationUrl' | 'upstreams'>,
  BffOptions
>

/** JSON Schema of `BffOptions` as they stand in a file; accepts all that the BFF does, and more. */
export function bffJsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

/**
 * Checks options once, at start.
 *
 * @throws `ERR_CONFIG_INVALID`, naming every problem by its path.
 */
export function parseConfig(options: unknown): BffConfig {
  const config = parseOptions(schema, options, 'bff')
  const { origin, pathname } = config.publicUrl
  const basePath = pathname.replace(/\/$/, '')
  const frontend = `${origin}${basePath}`
  const applicationUrl = config.applicationUrl ?? new URL(`${frontend}/`)
  const upstreams = completeUpstreams(config)
  return Object.freeze({ ...config, basePath, frontend, applicationUrl, upstreams })
}

/** Said here, so that all problems come at once, and before anything is made of the options. */
function assertUsableKeys(keys: readonly SealKey[], context: z.RefinementCtx): void {
  if (keys.length === 0) return
  try {
    createSealer(keys, 'options')
  } catch (error) {
    if (errorCode(error) !== 'ERR_CONFIG_INVALID') throw error
    context.addIssue({ code: 'custom', message: (error as SallyportError).message })
  }
}

function toUrl(text: string): URL {
  return new URL(text)
}
