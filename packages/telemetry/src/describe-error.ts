/** What a log line says of an error. */
export interface ErrorDescription {
  type: string
  message: string
  code?: string
  stack?: string
  cause?: ErrorDescription
}

const deepestCause = 5

/**
 * Picks name, message, code, stack and the causes' same: never an error's other properties, where
 * libraries keep response bodies, claims and parameters.
 */
export function describeError(error: unknown): ErrorDescription {
  return describe(error, 0)
}

function describe(error: unknown, depth: number): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' }
  const description: ErrorDescription = { type: error.name, message: error.message }
  if ('code' in error && typeof error.code === 'string') description.code = error.code
  if (depth === 0 && error.stack) description.stack = error.stack
  if (error.cause instanceof Error && depth < deepestCause) {
    description.cause = describe(error.cause, depth + 1)
  }
  return description
}
