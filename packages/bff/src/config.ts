import { SallyportError, type Secret } from '@sallyport/core'
import * as z from 'zod'
import type { BffConfig, BffOptions } from './options.ts'
import { canonicalPath } from './target.ts'

const defaultMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const seconds = z.int().positive()

const url = z.string().transform((text, context) => {
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  const problem = !parsed ? 'must be an absolute URL' : urlProblem(parsed)
  if (problem || !parsed) {
    context.addIssue({ code: 'custom', message: problem ?? '' })
    return z.NEVER
  }
  return parsed
})

const secureUrl = url.refine(isSecureOrLoopback, 'must be https (http only for loopback hosts)')

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

const route = z.strictObject({
  match: pattern,
  upstream: url.refine((u) => !u.search, 'must have no query'),
  methods: z
    .array(z.string().regex(/^[A-Z]+$/))
    .min(1)
    .default(defaultMethods),
  token: z.enum(['user', 'none']).default('user'),
  resource: z.url().optional(),
  timeout: seconds.default(30),
})

const secret = z.custom<Secret>(
  (value) => typeof value === 'object' && value !== null && 'reveal' in value,
  'must be made with createSecret',
)

const schema: z.ZodType<BffConfig, BffOptions> = z
  .strictObject({
    publicUrl: secureUrl.refine((u) => u.pathname === '/' && !u.search, 'must be an origin'),
    issuer: secureUrl.refine((u) => !u.search, 'must have no query'),
    clientId: z.string().min(1),
    clientAuthentication: z.union([
      z.strictObject({
        privateKey: z
          .looseObject({ kty: z.string(), kid: z.string(), alg: z.string() })
          .refine((jwk) => 'd' in jwk, 'must be a private key'),
      }),
      z.strictObject({ secret: z.string().min(32, 'must have at least 32 characters') }),
    ]),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/))
      .default(['profile', 'email'])
      .transform((scopes) => [...new Set(['openid', ...scopes])]),
    sealKeys: z.array(z.strictObject({ kid: z.string(), key: secret })).min(1),
    routes: z.array(route).default([]),
    session: z
      .strictObject({
        idleTimeout: seconds.default(1800),
        absoluteTimeout: seconds.default(28_800),
      })
      .refine((s) => s.idleTimeout <= s.absoluteTimeout, {
        path: ['idleTimeout'],
        message: 'must not exceed session.absoluteTimeout',
      })
      .prefault({}),
    logout: z
      .strictObject({
        hint: z.enum(['id_token', 'sid']).default('id_token'),
        returnPath: path.default('/'),
      })
      .prefault({}),
    issuerTimeout: seconds.default(5),
  })
  .superRefine((config, context) => {
    const seen = new Set<string>()
    for (const [i, { match }] of config.routes.entries()) {
      if (seen.has(match)) {
        context.addIssue({ code: 'custom', path: ['routes', i, 'match'], message: 'occurs twice' })
      }
      seen.add(match)
    }
  })

/**
 * Checks options once, at start.
 *
 * @throws `ERR_CONFIG_INVALID`, naming every problem by its path.
 */
export function parseConfig(options: unknown): BffConfig {
  const result = schema.safeParse(options)
  if (result.success) return Object.freeze(result.data)
  const problems = result.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(top level)'}: ${issue.message}`,
  )
  throw new SallyportError('ERR_CONFIG_INVALID', ['invalid configuration:', ...problems].join('\n'))
}

/** Whether credentials may travel to this URL: https, or a host that is this machine. */
export function isSecureOrLoopback(location: URL): boolean {
  if (location.protocol === 'https:') return true
  const { hostname } = location
  const isLoopback =
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  return location.protocol === 'http:' && isLoopback
}

function urlProblem(parsed: URL): string | undefined {
  if (!/^https?:$/.test(parsed.protocol)) return 'must be http or https'
  if (parsed.username || parsed.password) return 'must have no credentials'
  if (parsed.hash) return 'must have no fragment'
  return undefined
}
