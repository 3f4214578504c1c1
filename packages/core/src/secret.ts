import { inspect } from 'node:util'

/** A value that does not print: not in logs, not in JSON, not in a template string. */
export interface Secret {
  /** The value itself. Call it where the value is used, never to pass it on. */
  reveal(): string
}

const hidden = '[secret]'

/** Wraps a value so that printing it by mistake shows `[secret]`. */
export function createSecret(value: string): Secret {
  return Object.freeze({
    reveal: () => value,
    toString: hide,
    toJSON: hide,
    [inspect.custom]: hide,
  })
}

function hide(): string {
  return hidden
}
