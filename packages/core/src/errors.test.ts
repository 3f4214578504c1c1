import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { problemTypePrefix } from './contract.ts'
import { type ErrorCode, errorCatalogue, errorCode, SallyportError, toProblem } from './errors.ts'

const codes = Object.keys(errorCatalogue) as ErrorCode[]

describe('the catalogue', () => {
  test.each(codes)('%s can be answered with', (code) => {
    const { status, type, title } = errorCatalogue[code]
    expect(code).toMatch(/^ERR_[A-Z]+(_[A-Z]+)*$/)
    expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true)
    expect(type).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(title).toMatch(/^[A-Z][\x20-\x7e]{5,80}[^.]$/)
  })

  test('gives each type one status and one title', () => {
    const meanings = new Map<string, Set<string>>()
    for (const { status, type, title } of Object.values(errorCatalogue)) {
      meanings.set(type, (meanings.get(type) ?? new Set()).add(`${status} ${title}`))
    }
    expect(meanings.size).toBeGreaterThan(10)
    expect([...meanings].filter(([, several]) => several.size > 1)).toEqual([])
  })

  test('says nothing of the inside where it is our own fault', () => {
    const internal = Object.values(errorCatalogue).filter((entry) => entry.status === 500)
    expect(new Set(internal.map((entry) => entry.type))).toEqual(new Set(['internal']))
  })
})

describe('SallyportError', () => {
  test('is an Error with its code, message and cause', () => {
    const cause = new Error('connect ECONNREFUSED')
    const error = new SallyportError('ERR_IDP_UNAVAILABLE', 'no answer', { cause })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'SallyportError', code: 'ERR_IDP_UNAVAILABLE' })
    expect(error.message).toBe('no answer')
    expect(error.cause).toBe(cause)
    expect(inspect(error)).toContain('SallyportError: no answer')
    expect(Object.hasOwn(new SallyportError('ERR_INTERNAL', 'x'), 'cause')).toBe(false)
  })
})

describe('errorCode', () => {
  test('gives the code of our errors', () => {
    for (const code of codes) expect(errorCode(new SallyportError(code, 'x'))).toBe(code)
  })

  test.each([
    new Error('x'),
    new TypeError('x'),
    Object.assign(new Error('x'), { code: 'ERR_LOGIN_REQUIRED' }),
    { code: 'ERR_LOGIN_REQUIRED' },
    'ERR_LOGIN_REQUIRED',
    undefined,
    null,
    7,
  ])('gives ERR_INTERNAL for anything else: %s', (thrown) => {
    expect(errorCode(thrown)).toBe('ERR_INTERNAL')
  })
})

describe('toProblem', () => {
  test.each(codes)('tells of %s its type, title, status and code, and nothing else', (code) => {
    const { status, type, title } = errorCatalogue[code]
    expect(toProblem(code)).toStrictEqual({
      type: `${problemTypePrefix}${type}`,
      title,
      status,
      code,
    })
  })

  test('leaks neither message nor cause', () => {
    const cause = new Error('10.0.0.7 refused', { cause: { refreshToken: 'c2VjcmV0' } })
    const error = new SallyportError('ERR_IDP_UNAVAILABLE', 'POST to 10.0.0.7 failed', { cause })
    const body = JSON.stringify(toProblem(errorCode(error)))
    for (const hidden of ['10.0.0.7', 'c2VjcmV0', 'POST', 'stack', 'cause', 'message']) {
      expect(body).not.toContain(hidden)
    }
  })
})
