/**
 * What a link to `/bff/login` may add to the authorization request, and what it may say. Each can
 * only ask for more of the person or for less of the screen; who asks, what for and where the
 * answer goes (`client_id`, `scope`, `resource`, `redirect_uri`, ...) is never up to a link.
 *
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest OpenID Connect Core 1.0, section 3.1.2.1}
 */
const rules = {
  prompt:
    /^(?:none|(?:login|consent|select_account|create)(?: (?:login|consent|select_account))*)$/,
  login_hint: /^[^\p{C}]{1,256}$/u,
  ui_locales: /^[A-Za-z0-9-]{1,35}(?: [A-Za-z0-9-]{1,35}){0,9}$/,
  acr_values: /^[\x21-\x7E]{1,128}(?: [\x21-\x7E]{1,128}){0,9}$/,
  max_age: /^(?:0|[1-9]\d{0,8})$/,
} as const

/** The names of {@link rules}, as they go over the wire. */
export type LoginParameterName = keyof typeof rules

export type LoginParameters = Partial<Record<LoginParameterName, string>>

/**
 * Reads the parameters of a sign-in; other names are ignored.
 *
 * @returns all of them, and the name of the first one that is repeated or malformed.
 */
export function parseLoginParameters(query: URLSearchParams): {
  parameters: LoginParameters
  problem?: LoginParameterName
} {
  const parameters: LoginParameters = {}
  for (const [name, rule] of Object.entries(rules) as [LoginParameterName, RegExp][]) {
    const [value, another] = query.getAll(name)
    if (value === undefined) continue
    if (another !== undefined || !rule.test(value)) return { parameters, problem: name }
    parameters[name] = value
  }
  return { parameters }
}

/** Whether a session that is there already is not enough: the person must be asked something. */
export function asksForMore(parameters: LoginParameters): boolean {
  const { prompt, acr_values: acrValues, max_age: maxAge } = parameters
  return [prompt, acrValues, maxAge].some((value) => value !== undefined && value !== 'none')
}
