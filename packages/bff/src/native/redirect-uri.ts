import type { NativeAppConfig } from '../options/native-options.ts'

/** Where an app waits, and the state it waits with. */
export interface RedirectTarget {
  readonly redirectUri: string
  /** Absent in an answer to a request that had none. */
  readonly state?: string
}

const loopbackPort = /^(http:\/\/(?:127\.0\.0\.1|\[::1\])):(\d{1,5})(?=\/)/
const highestPort = 65_535

/**
 * The app of this name, if it may be answered there. Compared as written, but for the port of a
 * loopback address, which the app gets from its system.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc8252.html#section-7.3 RFC 8252, section 7.3},
 *   {@link https://www.rfc-editor.org/rfc/rfc9700.html#section-2.1 RFC 9700, section 2.1}
 */
export function findApp(
  apps: readonly NativeAppConfig[],
  asked: { clientId: string | undefined; redirectUri: string | undefined },
): NativeAppConfig | undefined {
  const app = apps.find(({ clientId }) => clientId === asked.clientId)
  const { redirectUri = '' } = asked
  const [, origin = '', port] = loopbackPort.exec(redirectUri) ?? []
  const isPort = port !== undefined && Number(port) > 0 && Number(port) <= highestPort
  const wanted = isPort ? `${origin}${redirectUri.slice(`${origin}:${port}`.length)}` : redirectUri
  return app?.redirectUris.includes(wanted) ? app : undefined
}

/**
 * What an authorization response says, where the app waits. With `iss`, so that an app which knows
 * several servers tells whose it is (RFC 9207 section 2).
 */
export function toResponseUrl(
  { redirectUri, state }: RedirectTarget,
  response: Readonly<Record<string, string>>,
  issuer: string,
): URL {
  const url = new URL(redirectUri)
  const said = { ...response, ...(state !== undefined && { state }), iss: issuer }
  for (const [name, value] of Object.entries(said)) url.searchParams.set(name, value)
  return url
}
