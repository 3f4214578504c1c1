/**
 * What becomes of a header field of the other side: `kept` and `dropped` are what they say, `set` is
 * dropped and said by the BFF itself, and of `rule` the last column tells more.
 */
export type HeaderFate = 'kept' | 'dropped' | 'set' | 'rule'

/** One row of a header policy. An exact name comes before a prefix, and a prefix before `*`. */
export interface HeaderRow {
  /** In lower case; one that ends in `*` is a prefix. */
  readonly names: readonly string[]
  readonly fate: HeaderFate
  readonly why: string
  /** Whether a route may set a field of this name itself: the operator's word, not the other side's. */
  readonly isForRoutes?: true
}

/** What of a request's header fields an upstream gets to see. docs/proxy.md shows it. */
export const requestTable: readonly HeaderRow[] = [
  {
    fate: 'set',
    names: list('host'),
    why: 'that of the upstream',
  },
  {
    fate: 'set',
    names: list('x-forwarded-for'),
    why: 'the one address that counts as the client’s',
  },
  {
    fate: 'set',
    names: list('x-forwarded-host x-forwarded-proto'),
    why: 'those of `publicUrl`',
  },
  {
    fate: 'set',
    names: list('traceparent'),
    why: 'the span around this request',
  },
  {
    fate: 'rule',
    names: list('authorization dpop'),
    why: 'dropped; the access token of the route comes instead, if it has one',
  },
  {
    fate: 'rule',
    names: list('cookie'),
    why: 'dropped, but for the names in `requestCookies`; never one of the BFF’s own',
  },
  {
    fate: 'rule',
    names: list('content-type'),
    why: 'kept when it comes once and is well-formed, else the answer is 400',
  },
  {
    fate: 'rule',
    names: list('transfer-encoding'),
    why: 'only `chunked`, else the answer is 400; the body is framed anew',
  },
  {
    fate: 'dropped',
    names: list('connection http2-settings keep-alive proxy proxy-* te trailer upgrade'),
    why: 'is for one hop, as is all that `Connection` names',
  },
  {
    fate: 'dropped',
    names: list('content-length expect max-forwards'),
    why: 'the lane says how long the body is, and waits for it',
  },
  {
    fate: 'set',
    names: list('sallyport-*'),
    why: '`sallyport-visitor` on routes with `visitor`, and nothing else',
  },
  {
    fate: 'dropped',
    names: list('cookie2 from origin referer sec-* trace upgrade-insecure-requests x-csrf'),
    why: 'is between browser and BFF, which has judged it',
  },
  {
    fate: 'dropped',
    names: list(
      'client-ip forwarded front-end-https true-client-ip via x-client-*',
      'x-cluster-client-ip x-forwarded* x-host x-real-* x-scheme x-url-scheme',
    ),
    why: 'could pass for what a proxy says about the client',
    isForRoutes: true,
  },
  {
    fate: 'dropped',
    names: list('cf-* fastly-* x-amzn-* x-azure-* x-envoy-* x-istio-*'),
    why: 'could pass for what a network in front says',
    isForRoutes: true,
  },
  {
    fate: 'dropped',
    names: list(
      'client-cert* oidc-* remote-* ssl-* tailscale-* x-access-token x-auth*',
      'x-consumer-* x-credential-* x-goog-* x-id-token x-jwt* x-ms-* x-pomerium-*',
      'x-principal x-remote-* x-ssl-* x-token-* x-user* x-vouch-* x-webauth-*',
    ),
    why: 'could pass for who the user is',
    isForRoutes: true,
  },
  {
    fate: 'dropped',
    names: list(
      'x-http-method x-http-method-override x-method-override x-middleware-*',
      'x-original-* x-rewrite-url',
    ),
    why: 'could make it another request than the one that was judged',
    isForRoutes: true,
  },
  {
    fate: 'dropped',
    names: list('b3 baggage tracestate uber-trace-id x-b3-* x-cloud-trace-context'),
    why: 'would join a stranger’s trace',
    isForRoutes: true,
  },
  {
    fate: 'kept',
    names: list('*'),
    why: 'whose name has letters, digits and `-` only: all else is dropped',
    isForRoutes: true,
  },
]

/** What of an upstream's header fields a browser gets to see. docs/proxy.md shows it. */
export const responseTable: readonly HeaderRow[] = [
  {
    fate: 'rule',
    names: list('cache-control'),
    why: "`no-store`; with `cache: 'upstream'` what the upstream says, to this browser alone where a person’s data may be",
  },
  {
    fate: 'rule',
    names: list('set-cookie'),
    why: 'dropped, but for the names in `responseCookies`: host-only, below the frontend’s path',
  },
  {
    fate: 'rule',
    names: list('content-location location'),
    why: 'our path for the upstream’s; a `Location` at one of `redirectOrigins` as it is; else dropped',
  },
  {
    fate: 'rule',
    names: list('www-authenticate'),
    why: 'dropped; an API that wants another sign-in becomes the problem `step_up_required`',
  },
  {
    fate: 'rule',
    names: list('dpop-nonce'),
    why: 'dropped, and used for the next proof',
  },
  {
    fate: 'set',
    names: list('content-security-policy'),
    why: 'an answer opened as a page runs nothing',
    isForRoutes: true,
  },
  {
    fate: 'set',
    names: list('cross-origin-resource-policy'),
    why: 'other origins do not embed it',
    isForRoutes: true,
  },
  {
    fate: 'set',
    names: list('referrer-policy'),
    why: 'nothing of its address goes elsewhere',
    isForRoutes: true,
  },
  {
    fate: 'set',
    names: list('x-content-type-options'),
    why: 'always `nosniff`',
  },
  {
    fate: 'dropped',
    names: list(
      'connection content-length keep-alive proxy-authenticate proxy-connection te',
      'trailer transfer-encoding upgrade',
    ),
    why: 'is for one hop, as is all that `Connection` names; the lane frames anew',
  },
  {
    fate: 'dropped',
    names: list('access-control-*'),
    why: 'there is one CORS policy, that of `allowedOrigins`',
  },
  {
    fate: 'dropped',
    names: list('expires pragma'),
    why: 'older words for `Cache-Control`',
  },
  {
    fate: 'dropped',
    names: list(
      'cdn-cache-control cloudflare-cdn-cache-control edge-control no-vary-search',
      'surrogate-control vercel-cdn-cache-control x-accel-charset x-accel-expires',
      'x-accel-limit-rate x-accel-redirect x-lighttpd-send-file x-reproxy-url',
      'x-sendfile',
    ),
    why: 'orders a proxy or a cache in front about',
  },
  {
    fate: 'dropped',
    names: list(
      'accept-ch activate-storage-access alt-svc clear-site-data',
      'content-security-policy-report-only critical-ch cross-origin-embedder-policy',
      'cross-origin-opener-policy document-policy integrity-policy nel',
      'origin-agent-cluster permissions-policy public-key-pins refresh report-to',
      'reporting-endpoints service-worker-allowed set-login sourcemap speculation-rules',
      'strict-transport-security timing-allow-origin use-as-dictionary x-frame-options',
      'x-permitted-cross-domain-policies x-sourcemap',
    ),
    why: 'speaks for the whole origin, which is not the upstream’s',
    isForRoutes: true,
  },
  {
    fate: 'dropped',
    names: list('server via x-powered-by'),
    why: 'tells what runs inside',
    isForRoutes: true,
  },
  {
    fate: 'dropped',
    names: list('set-cookie2 traceparent tracestate'),
    why: 'is no browser’s business',
  },
  {
    fate: 'kept',
    names: list('*'),
    why: 'describes the content',
    isForRoutes: true,
  },
]

function list(...words: string[]): string[] {
  return words.flatMap((some) => some.split(' '))
}
