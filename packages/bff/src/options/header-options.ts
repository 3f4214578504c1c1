import type { Secret } from '@sallyport/core'
import { httpUrl, secret, strictObject } from '@sallyport/core/options'
import * as z from 'zod'
import { requestRow, responseRow } from '../routes/header-rules.ts'

/** What a route changes in header fields, and in who keeps answers. */
export interface RouteHeaderOptions {
  /**
   * Header fields of requests. `set`: names and values that the upstream gets whatever the client
   * sends, such as a key of a gateway in front of it. `remove`: names that do not go on. Neither
   * can be what is for one hop, frames the body, presents a token or is the BFF's own word.
   */
  requestHeaders?:
    | {
        set?: Readonly<Record<string, string | Secret>> | undefined
        remove?: readonly string[] | undefined
      }
    | undefined
  /** The same of answers, for the browser. `set` can also replace a policy that the BFF would say. */
  responseHeaders?:
    | {
        set?: Readonly<Record<string, string>> | undefined
        remove?: readonly string[] | undefined
      }
    | undefined
  /**
   * Names of cookies that go on to the upstream.
   * @defaultValue none
   */
  requestCookies?: string[] | undefined
  /**
   * Names of cookies that the upstream may set: for the host alone, without `Domain`, below the
   * frontend's path, Secure, and `SameSite` at least Lax. None can be one of the BFF's own.
   * @defaultValue none
   */
  responseCookies?: string[] | undefined
  /**
   * Origins to which a `Location` of the upstream may lead; others, but for what the routes map, are
   * dropped. It goes to the browser as it is, query and all.
   * @defaultValue none
   */
  redirectOrigins?: string[] | undefined
  /**
   * Who keeps answers. `none`: nobody. `upstream`: whoever the upstream's `Cache-Control` lets. Where a
   * person's data may be in them, that is this browser alone and for this session alone, and never
   * an answer that sets a cookie. An answer without `Cache-Control` is kept by nobody.
   * @defaultValue 'none'
   */
  cache?: 'none' | 'upstream' | undefined
}

/** Names and values that a route sets, and names that it removes; in lower case. */
export interface HeaderChangesConfig<Value> {
  readonly set: Readonly<Record<string, Value>>
  readonly remove: readonly string[]
}

/** {@link RouteHeaderOptions}, complete. Absent is none. */
export interface RouteHeaderConfig {
  readonly requestHeaders?: HeaderChangesConfig<Secret> | undefined
  readonly responseHeaders?: HeaderChangesConfig<string> | undefined
  readonly requestCookies?: readonly string[] | undefined
  readonly responseCookies?: readonly string[] | undefined
  readonly redirectOrigins?: readonly string[] | undefined
  readonly cache?: 'none' | 'upstream' | undefined
}

/** No control characters, CR and LF above all, and no blanks at the ends. */
const valuePattern = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/
const value = 'must be visible ASCII, with blanks inside at most'
const headerText = z.string().regex(valuePattern, value)
const headerSecret = secret.refine((one) => valuePattern.test(one.reveal()), value)

const isToken = (name: string) => /^[a-z0-9-]+$/.test(name)

/** A name in any case, which is compared in lower case. */
const lowerName = z
  .string()
  .transform((name) => name.toLowerCase())
  .refine(isToken, 'must be letters, digits and "-"')

function changes<Value extends z.ZodType>(findRow: typeof requestRow, value: Value) {
  const mayBeSet = (name: string) => !isToken(name) || findRow(name)?.isForRoutes === true
  const passes = (name: string) => !isToken(name) || findRow(name)?.fate === 'kept'
  return strictObject({
    set: z
      .record(lowerName.refine(mayBeSet, 'is not for routes to set'), value)
      .default({} as Record<string, z.output<Value>> as never),
    remove: z.array(lowerName.refine(passes, 'never passes as it is')).default([]),
  }).refine(({ set, remove }) => !remove.some((name) => Object.hasOwn(set, name)), {
    path: ['remove'],
    message: 'has a name that is set, which takes the place of what came anyway',
  })
}

/** All cookies of the BFF's begin with "__", and so do the prefixes that browsers hold to more. */
const cookieName = z
  .string()
  .regex(
    /^(?!__)[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/,
    'must be the name of a cookie, without a prefix "__"',
  )

const origin = httpUrl.refine(
  (text) => !URL.canParse(text) || (new URL(text).origin === text && !text.includes('*')),
  'must be an origin, such as https://files.example: no path, no wildcard',
)

/** The members of {@link RouteHeaderOptions}, for the schema of a route. */
export const headerShape = {
  requestHeaders: changes(requestRow, headerSecret).optional(),
  responseHeaders: changes(responseRow, headerText).optional(),
  requestCookies: z.array(cookieName).optional(),
  responseCookies: z.array(cookieName).optional(),
  redirectOrigins: z.array(origin).optional(),
  cache: z.enum(['none', 'upstream']).default('none'),
}
