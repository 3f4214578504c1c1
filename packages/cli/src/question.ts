import type { Question } from '@sallyport/bff'

/**
 * Reads what somebody asks about. A path alone is of the one frontend there is. The rest of a URL stays
 * as it was typed: whether its form is refused is a part of the answer.
 *
 * @param origins of all frontends.
 * @throws TypeError that says what is wrong.
 */
export function readQuestion(
  [method, url]: readonly [method: string, url: string],
  origins: readonly string[],
): Question {
  if (!/^[A-Z]+$/.test(method)) {
    throw new TypeError(`METHOD is in upper case, such as GET, and not "${method}"`)
  }
  const [, origin = onlyOrigin(url, origins), rest = ''] =
    /^(https?:\/\/[^/?#\\]*)?(.*)$/is.exec(url) ?? []
  const parsed = URL.parse(origin)
  if (!parsed?.host || parsed.username || parsed.password) {
    throw new TypeError(`"${url}" is no URL of http or https`)
  }
  return { method, host: parsed.host, target: rest.startsWith('/') ? rest : `/${rest}` }
}

function onlyOrigin(url: string, [origin, another]: readonly string[]): string {
  if (!url.startsWith('/')) throw new TypeError(`"${url}" is no URL of http or https`)
  if (origin === undefined || another !== undefined) {
    throw new TypeError('there is not one frontend alone: give the whole URL')
  }
  return origin
}
