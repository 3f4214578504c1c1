import type { Secret } from '@sallyport/core'
import {
  absoluteUri,
  distinctBy,
  httpUrl,
  parseOptions,
  secureUrl,
  strictObject,
} from '@sallyport/core/options'
import * as z from 'zod'
import { fapi2Problems } from './options/fapi2.ts'
import { issuerProblems, issuerShape } from './options/issuer-schema.ts'
import type { BffConfig, BffOptions } from './options.ts'
import { canonicalPath } from './target.ts'

const defaultMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const seconds = z.int().positive()

const path = z.string().refine((text) => {
  try {
    return text.startsWith('/') && canonicalPath(text) === text
  } catch {
    return false
  }
}, 'must be a canonical path that starts with "/"')

const pattern = z
  .string()
  .refine(
    (text) => path.safeParse(text.replace(/\/\*$/, '') || '/').success && !/\*./.test(text),
    'must be a canonical path, optionally ending in "/*"',
  )
  .refine((text) => !/^\/bff(\/|$)/.test(text), '"/bff" belongs to the BFF itself')

const route = strictObject({
  match: pattern,
  upstream: httpUrl
    .refine((text) => !text.includes('?'), 'must not contain a query')
    .transform(toUrl),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/))
    .min(1)
    .default(defaultMethods),
  token: z.enum(['user', 'none']).default('user'),
  resource: absoluteUri.optional(),
  timeout: seconds.default(30),
})

const secret = z.custom<Secret>(
  (value) => typeof value === 'object' && value !== null && 'reveal' in value,
  'must be made with createSecret',
)

const schema: z.ZodType<BffConfig, BffOptions> = strictObject({
  publicUrl: secureUrl
    .transform(toUrl)
    .refine(({ href, origin }) => href === `${origin}/`, 'must be an origin'),
  ...issuerShape,
  sealKeys: z.array(strictObject({ kid: z.string(), key: secret })).min(1),
  routes: distinctBy('match', route).default([]),
  session: strictObject({
    idleTimeout: seconds.default(1800),
    absoluteTimeout: seconds.default(28_800),
  })
    .refine((s) => s.idleTimeout <= s.absoluteTimeout, {
      path: ['idleTimeout'],
      message: 'must not exceed session.absoluteTimeout',
    })
    .prefault({}),
  logout: strictObject({
    hint: z.enum(['id_token', 'sid']).default('id_token'),
    returnPath: path.default('/'),
  }).prefault({}),
}).superRefine((config, context) => {
  for (const problem of [...issuerProblems(config), ...fapi2Problems(config)]) {
    context.addIssue({ code: 'custom', message: problem.message, path: [...problem.path] })
  }
})

/**
 * Checks options once, at start.
 *
 * @throws `ERR_CONFIG_INVALID`, naming every problem by its path.
 */
export function parseConfig(options: unknown): BffConfig {
  return parseOptions(schema, options, 'bff')
}

function toUrl(text: string): URL {
  return new URL(text)
}
