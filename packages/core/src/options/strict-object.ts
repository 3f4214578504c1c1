import * as z from 'zod'
import { closestName } from './closest-name.ts'

/** An object with these members only. An unknown one is refused, and the one that is meant named. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined
      return issue.keys.map((key) => describeUnknown(key, Object.keys(shape))).join('; ')
    },
  })
}

function describeUnknown(key: string, known: readonly string[]): string {
  const meant = closestName(key, known)
  return `unknown key "${key}"${meant ? `: did you mean "${meant}"?` : ''}`
}
