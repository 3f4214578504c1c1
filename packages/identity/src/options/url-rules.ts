const loopbackHosts = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a URL's host names this machine only. */
export function isLoopback(url: URL): boolean {
  return loopbackHosts.has(url.hostname)
}

/** What is wrong with an issuer identifier; `undefined`: nothing. */
export function issuerProblem(value: string): string | undefined {
  return originProblem(value) ?? insecureProblem(value)
}

/** What is wrong with an origin; `undefined`: nothing. */
export function originProblem(value: string): string | undefined {
  const url = URL.parse(value)
  if (!url) return 'is not a URL'
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be https or http'
  if (url.origin !== value)
    return `must be an origin, without path or trailing slash: ${url.origin}`
  return undefined
}

/** What is wrong with a URL that a browser or this server is sent to; `undefined`: nothing. */
export function endpointProblem(value: string): string | undefined {
  const url = URL.parse(value)
  if (!url) return 'is not an absolute URL'
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be https or http'
  if (url.username || url.password) return 'must not contain a user name or password'
  if (value.includes('#')) return 'must not contain a fragment'
  if (value.includes('*')) return 'must not contain a wildcard'
  return insecureProblem(value)
}

/** What is wrong with a resource identifier (RFC 8707 section 2); `undefined`: nothing. */
export function resourceProblem(value: string): string | undefined {
  if (!URL.canParse(value)) return 'is not an absolute URI'
  if (value.includes('#')) return 'must not contain a fragment'
  return undefined
}

function insecureProblem(value: string): string | undefined {
  const url = new URL(value)
  if (url.protocol === 'https:' || isLoopback(url)) return undefined
  return 'must be https: http is for loopback hosts only'
}
