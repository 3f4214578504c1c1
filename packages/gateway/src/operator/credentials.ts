import { createHash, timingSafeEqual } from 'node:crypto'
import type { OperatorCredential } from './operator-options.ts'

/**
 * The name of the credential that a header presents; `undefined` for any other. Takes as long for a
 * secret that is nearly right as for one that is not at all.
 *
 * @param authorization all values of the header.
 */
export function findCredential(
  credentials: readonly OperatorCredential[],
  authorization: readonly string[],
): string | undefined {
  const [value, another] = authorization
  const presented = /^Bearer +([^\s,]{1,1024})$/i.exec(value ?? '')?.[1]
  if (presented === undefined || another !== undefined) return undefined
  const digest = digestOf(presented)
  const equal = credentials.map(({ secret }) => timingSafeEqual(digestOf(secret.reveal()), digest))
  return credentials[equal.indexOf(true)]?.name
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
