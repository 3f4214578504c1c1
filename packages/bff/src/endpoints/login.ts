import { type ErrorCode, errorCode } from '@sallyport/core'
import { paths } from '@sallyport/core/contract'
import type { BffContext, BffRequest } from '../context.ts'
import type { Transaction } from '../cookies.ts'
import type { RespondDecision } from '../decision.ts'
import { withKnownPrompt } from '../known-prompt.ts'
import { asksForMore, type LoginParameters, parseLoginParameters } from '../login-parameters.ts'
import { askingPrompt } from '../logout/issuer-logout.ts'
import type { NativeRequest } from '../native/native-request.ts'
import { toResponseError } from '../native/oauth-errors.ts'
import { toResponseUrl } from '../native/redirect-uri.ts'
import type { BffConfig } from '../options.ts'
import { redirect, respondError } from '../respond.ts'
import { resolveReturnUrl, toReturnText } from '../return-url.ts'
import { comingVisitor } from '../visitors/coming-visitor.ts'

/**
 * `GET /bff/login?returnUrl=/path`: sends the browser to the issuer, or straight on when somebody is
 * signed in and nothing more is asked for.
 *
 * State, nonce and PKCE verifier go into a sealed cookie of their own, so a sign-in that is never
 * finished costs the server nothing. Which other parameters pass: see login-parameters.ts.
 */
export async function login(request: BffRequest, context: BffContext): Promise<RespondDecision> {
  const { basePath, applicationUrl } = context.config
  const toPath = (url: URL) => toReturnText(url, context.config)
  const query = new URLSearchParams(request.url.query)
  const returnUrl = readReturnUrl(query, context.config)
  if (!returnUrl) {
    return respondError(request, 'ERR_RETURN_URL_INVALID', {
      detail: 'returnUrl must be one path of this application, such as /orders.',
      link: { href: toPath(applicationUrl), label: 'Go to the application' },
    })
  }
  const read = parseLoginParameters(query)
  const problem = namesOtherIssuer(query, context.config.issuer) ? 'iss' : read.problem
  if (problem) {
    return respondError(request, 'ERR_LOGIN_PARAMETER_INVALID', {
      detail: `${problem} is repeated, or is no value that can be passed on.`,
      link: loginLink(basePath, toPath(returnUrl)),
    })
  }
  const { parameters } = read
  if (!asksForMore(parameters) && (await context.sessions.open(request.cookies))) {
    return redirect(returnUrl)
  }
  // This browser signed out where the issuer may not know: nobody is signed in again unasked.
  const isAsking = context.signOutCookies.isSignedOut(request.cookies)
  if (isAsking && parameters.prompt === 'none') return redirect(returnUrl)
  return startSignIn(request, context, { returnUrl, parameters, isAsking })
}

/** What a sign-in is for. */
export interface SignIn {
  returnUrl: URL
  parameters: LoginParameters
  /** Whether the issuer must ask who it is. */
  isAsking: boolean
  /** See {@link Transaction}. */
  isRestart?: true
  /** See {@link Transaction}. */
  isSilent?: true
  /** The app that asks, if one does. */
  native?: NativeRequest
  /** More of them for the answer. */
  setCookies?: readonly string[]
}

/** Sends the browser to the issuer; a page says why when that cannot be. */
export async function startSignIn(
  request: BffRequest,
  context: BffContext,
  signIn: SignIn,
): Promise<RespondDecision> {
  const { config, log } = context
  const { returnUrl, parameters, native } = signIn
  try {
    return await beginSignIn(request, context, signIn)
  } catch (error) {
    log.warn({ error }, 'a sign-in could not be started')
    if (native) {
      return redirect(toResponseUrl(native, { error: toResponseError(error) }, config.frontend))
    }
    const code = errorCode(error)
    const isRegistering = parameters.prompt?.split(' ').includes('create')
    const detail = code === 'ERR_IDP_UNSUITABLE' && !isRegistering ? undefined : details[code]
    return respondError(request, code, {
      ...(detail && { detail }),
      link: { ...loginLink(config.basePath, toReturnText(returnUrl, config)), label: 'Try again' },
    })
  }
}

const details: Partial<Record<ErrorCode, string>> = {
  ERR_IDP_UNAVAILABLE: 'Nobody can sign in until it is back. Those who are signed in can go on.',
  ERR_IDP_UNSUITABLE: 'Nobody can register there. Sign in with an account that you have.',
}

/** The same; what goes wrong is thrown. */
export async function beginSignIn(
  request: BffRequest,
  context: BffContext,
  signIn: SignIn,
): Promise<RespondDecision> {
  const { config, clock, cookies, oidc, resources, sessions } = context
  const { returnUrl, parameters: wanted, isAsking, isRestart, isSilent, native } = signIn
  const asking = isAsking ? await withQuestion(wanted, context) : wanted
  const parameters = await withKnownPrompt(asking, oidc)
  const visitor = await comingVisitor(request, context)
  const transaction: Transaction = {
    ...oidc.newSecrets(),
    issuer: config.issuer.href,
    returnUrl: toReturnText(returnUrl, config),
    createdAt: clock(),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(isRestart && { isRestart }),
    ...(isSilent && { isSilent }),
    ...(sessions.isNamed(request.cookies) && { hadSession: true }),
    ...(native ? { native } : visitor && { visitor }),
  }
  const authorizationUrl = await oidc.authorizationUrl(transaction, resources)
  const begun = cookies.transaction(transaction, request.cookies)
  return redirect(authorizationUrl, { setCookies: [...(signIn.setCookies ?? []), ...begun] })
}

/** The same sign-in, with a question that does not let the issuer go on by itself. */
async function withQuestion(
  parameters: LoginParameters,
  { config, oidc }: BffContext,
): Promise<LoginParameters> {
  const asked = parameters.prompt?.split(' ') ?? []
  if (asked.some((prompt) => prompt !== 'consent')) return parameters
  const question = askingPrompt(config.issuer, await oidc.signOutMetadata())
  return { ...parameters, prompt: [question, ...asked].join(' ') }
}

/** Where to restart a sign-in that went wrong, keeping where it was going. */
export function loginLink(
  basePath: string,
  returnUrl: string | undefined,
): { href: string; label: string } {
  const query = returnUrl ? `?returnUrl=${encodeURIComponent(returnUrl)}` : ''
  return { href: `${basePath}${paths.login}${query}`, label: 'Sign in again' }
}

/**
 * Where to go afterwards. `target_link_uri` is the standard's name for it when somebody else starts
 * the sign-in: a whole URL, of which ours are taken.
 *
 * @see {@link https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin OpenID Connect Core 1.0, section 4}
 */
function readReturnUrl(query: URLSearchParams, config: BffConfig): URL | undefined {
  const names = [...query.keys()]
  if (names.some((name) => name.startsWith('returnUrl['))) return undefined
  const values = [...query.getAll('returnUrl'), ...query.getAll('target_link_uri')]
  const [value, another] = values
  if (another !== undefined) return undefined
  if (value === undefined) return config.applicationUrl
  const { origin } = config.publicUrl
  const isWhole = query.has('target_link_uri') && value.startsWith(`${origin}/`)
  return resolveReturnUrl(isWhole ? value.slice(origin.length) : value, config)
}

/** Nobody may choose the issuer by a link; naming the one that is configured is allowed. */
function namesOtherIssuer(query: URLSearchParams, issuer: URL): boolean {
  const [value, another] = query.getAll('iss')
  if (value === undefined) return false
  return another !== undefined || ![issuer.href, issuer.href.replace(/\/$/, '')].includes(value)
}
