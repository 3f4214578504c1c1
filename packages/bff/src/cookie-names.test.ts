import { randomToken } from '@sallyport/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cookieNames } from './cookie-names.ts'

const segment = fc.stringMatching(/^[a-z0-9-]{1,6}$/)
const basePath = fc.array(segment, { maxLength: 2 }).map(toPath)
/** What makes one base path of another: the ending of a name, or segments more. */
const ending = fc.oneof(
  fc.constantFrom('-tx', '-hint', '-signed-out', '-visitor', '-1', '1', 'tx', '-'),
  fc.array(segment, { minLength: 1, maxLength: 2 }).map(toPath),
)
const related = fc.tuple(basePath, ending).map(([one, more]) => [one, `${one}${more}`] as const)
const pair = fc.oneof(
  related.filter(([, other]) => other.startsWith('/')),
  fc.tuple(basePath, basePath).filter(([one, other]) => one !== other),
)

function toPath(segments: string[]): string {
  return segments.map((one) => `/${one}`).join('')
}

/** All that a frontend calls cookies, with a sign-in under way. */
function allNames(path: string, state: string): string[] {
  const { sessionParts, transactionPrefix, ...others } = cookieNames(path)
  return [...sessionParts, `${transactionPrefix}${state}`, ...Object.values(others)]
}

test('no cookie of a frontend is one of another’s, nor taken for a sign-in of another’s', () => {
  const state = randomToken()
  const assertApart = (one: string, other: string) => {
    const [own, others] = [allNames(one, state), allNames(other, state)]
    expect(new Set([...own, ...others]).size).toBe(own.length + others.length)
    const { transactionPrefix } = cookieNames(other)
    expect(own.filter((name) => name.startsWith(transactionPrefix))).toEqual([])
  }
  fc.assert(
    fc.property(pair, ([one, other]) => {
      assertApart(one, other)
      assertApart(other, one)
    }),
    { numRuns: 2000 },
  )
})
