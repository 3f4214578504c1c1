import * as z from 'zod'

/**
 * A list in which no two entries have the same `key`. Says so of malformed entries as well, and
 * prints what occurs twice: `key` must not hold secrets.
 */
export function distinctBy<Entry extends z.ZodType>(key: string, entry: Entry): z.ZodArray<Entry> {
  return z.array(entry).superRefine(
    (entries, context) => {
      const seen = new Set<unknown>()
      for (const [index, one] of entries.entries()) {
        const value: unknown = Object(one)[key]
        if (value === undefined) continue
        if (seen.has(value)) {
          const message = `"${value}" occurs twice`
          context.addIssue({ code: 'custom', path: [index, key], message })
        }
        seen.add(value)
      }
    },
    { when: ({ value }) => Array.isArray(value) },
  )
}
