import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { OptionProblem } from '@sallyport/core'
import { secret, strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import type { RouteConfig } from './route-options.ts'
import { retryMethods, type UpstreamConfig } from './upstream-options.ts'

const origin = z.string().refine((text) => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text
}, 'must be an origin, such as http://10.0.0.1:8080: lower case, no path, no default port')

const seconds = z.number().positive().max(86_400)

const certificates = z.string().refine((text) => {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  return found?.every(isCertificate)
}, 'must be certificates in PEM')

const tls = strictObject({
  ca: z
    .union([certificates, z.array(certificates).min(1)], 'must be certificates in PEM')
    .optional(),
  certificate: certificates.optional(),
  key: secret.optional(),
  serverName: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i, 'must be a host name')
    .optional(),
}).superRefine(({ certificate, key }, context) => {
  const problem = (name: string, message: string) =>
    context.addIssue({ code: 'custom', path: [name], message })
  if (certificate && !key) problem('key', 'is needed with certificate')
  if (key && !certificate) problem('certificate', 'is needed with key')
  if (certificate && key && !isPair(certificate, key.reveal())) {
    problem('key', 'must be the PEM private key that belongs to certificate')
  }
})

/** Most failures in a row, most statuses: more is a slip of the pen. */
const most = 1000

const upstream = strictObject({
  addresses: z.array(origin).min(1).optional(),
  maxConnections: z.int().positive().max(65_535).default(4096),
  queue: strictObject({
    length: z.int().min(0).max(65_535).default(256),
    timeout: seconds.default(5),
  }).prefault({}),
  timeouts: strictObject({
    connect: seconds.default(5),
    idle: seconds.default(300),
  }).prefault({}),
  retries: strictObject({
    most: z.int().min(0).max(10).default(2),
    methods: z.array(z.enum(retryMethods)).default(['GET', 'HEAD', 'OPTIONS']),
  }).prefault({}),
  breaker: z
    .union([
      z.literal(false),
      strictObject({
        failures: z.int().positive().max(most).default(3),
        longestPause: z.int().positive().max(3600).default(10),
        statuses: z.array(z.int().min(500).max(599)).default([]),
      }),
    ])
    .prefault({})
    .transform((breaker) => breaker || undefined),
  health: strictObject({
    path: z.string().regex(/^\/[\x21-\x7e]*$/, 'must be a path that starts with "/"'),
    interval: seconds.min(1).default(5),
    timeout: seconds.default(2),
  }).optional(),
  tls: tls.optional(),
  addressPolicy: z.enum(['any', 'public']).default('any'),
})

/** The schema of `BffOptions.upstreams`, by the origin that routes name. */
export const upstreams = z.record(z.string(), upstream).default({})

interface Places {
  readonly routes: readonly RouteConfig[]
  readonly upstreams: z.output<typeof upstreams>
}

/** What of the upstreams does not go together, or with the routes. */
export function upstreamProblems({ routes, upstreams }: Places): OptionProblem[] {
  const named = new Set(routes.map((route) => route.upstream.origin))
  return Object.entries(upstreams).flatMap(([origin, { addresses = [], tls }]) => {
    const problems: OptionProblem[] = []
    const problem = (path: OptionProblem['path'], message: string) =>
      problems.push({ path: ['upstreams', origin, ...path], message })
    if (!named.has(origin)) {
      problem([], 'must be the origin of a route’s upstream')
      return problems
    }
    const { protocol } = new URL(origin)
    if (tls && protocol !== 'https:') problem(['tls'], 'is for https')
    for (const [i, address] of addresses.entries()) {
      if (new URL(address).protocol !== protocol) {
        problem(['addresses', i], `must have the scheme of the upstream, ${protocol}`)
      }
      if (addresses.indexOf(address) < i) problem(['addresses', i], 'occurs twice')
    }
    return problems
  })
}

/** The upstreams of all routes; those without an entry of their own are never out of use. */
export function completeUpstreams({ routes, upstreams }: Places): Record<string, UpstreamConfig> {
  const complete: Record<string, UpstreamConfig> = {}
  for (const { upstream: url } of routes) {
    const { origin } = url
    const given = upstreams[origin] ?? plain
    complete[origin] ??= Object.freeze({
      origin,
      ...given,
      addresses: given.addresses ?? [origin],
    }) as UpstreamConfig
  }
  return complete
}

const plain = upstream.parse({ breaker: false, retries: { most: 1 } })

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).raw.length > 0
  } catch {
    return false
  }
}

function isPair(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
  } catch {
    return false
  }
}
