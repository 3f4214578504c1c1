import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { stepUp, stepUpOf, takeStepUp } from './step-up.ts'
import { loginRequired, problem } from './testing/answers.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

const loginUrl = '/bff/login?max_age=300&acr_values=phr'
const refund = '/api/orders/7/refund'

function answerOf(path: string, members: object = { loginUrl }, status = 401): Response {
  const body = { type: 'urn:sallyport:problem:step_up_required', title: '', status, ...members }
  const headers = { 'content-type': 'application/problem+json; charset=utf-8' }
  const response = new Response(JSON.stringify(body), { status, headers })
  return Object.defineProperty(response, 'url', { value: `https://shop.test${path}` })
}

const succeeded = (path: string) =>
  Object.defineProperty(Response.json({}), 'url', { value: `https://shop.test${path}` })

function openTab(basePath = '') {
  const stored = new Map<string, string>()
  const assigned: string[] = []
  const page = {
    location: {
      origin: 'https://shop.test',
      ...{ pathname: '/orders', search: '?page=2', hash: '#7' },
      assign: (url: string | URL) => void assigned.push(`${url}`),
    },
    sessionStorage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => void stored.set(key, value),
      removeItem: (key: string) => void stored.delete(key),
    },
  }
  const client = { basePath }
  return { page, client, assigned, stored }
}

describe('stepUpOf', () => {
  test('reads what an API asks for, and leaves the body readable', async () => {
    const response = answerOf(refund, { loginUrl, maxAge: 300, acrValues: 'phr' })
    expect(await stepUpOf(response)).toMatchObject({ loginUrl, maxAge: 300, acrValues: 'phr' })
    expect(await response.json()).toMatchObject({ status: 401 })
  })

  test('a sign-in that would not help is asked for by nobody', async () => {
    expect(await stepUpOf(answerOf(refund, { maxAge: 0 }))).toMatchObject({ maxAge: 0 })
  })

  test.each([
    ['an end of the session', loginRequired()],
    ['another problem', problem(401, 'token_invalid')],
    ['a refusal for good', answerOf(refund, { loginUrl }, 403)],
    ['a problem without end', answerOf(refund, { loginUrl, detail: 'x'.repeat(17_000) })],
    ['no problem', succeeded(refund)],
    ['a page', new Response('<!doctype html>', { status: 401 })],
    [
      'no JSON',
      new Response('{', { status: 401, headers: { 'content-type': 'application/problem+json' } }),
    ],
  ])('finds none in %s', async (_, response) => {
    expect(await stepUpOf(response)).toBeUndefined()
  })
})

describe('stepUp', () => {
  test('leaves for the sign-in, and says where to come back to', async () => {
    const { page, client, assigned } = openTab()
    expect(await stepUp(client, answerOf(refund), { page })).toBe(true)
    const url = new URL(assigned[0] ?? '', 'https://shop.test')
    expect(url.pathname).toBe('/bff/login')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      ...{ max_age: '300', acr_values: 'phr', returnUrl: '/orders?page=2#7' },
    })
  })

  test('comes back to the page that was asked for, whatever the answer says', async () => {
    const { page, client, assigned } = openTab()
    const response = answerOf(refund, { loginUrl: '/bff/login?returnUrl=/trap&returnUrl=/more' })
    await stepUp(client, response, { page, returnUrl: '/refunds' })
    expect(assigned).toEqual(['/bff/login?returnUrl=%2Frefunds'])
  })

  test.each([
    'https://evil.test/bff/login',
    '//evil.test/bff/login',
    '/\\evil.test/bff/login',
    '/\t/evil.test/bff/login',
    '//[/bff/login',
    'bff/login',
    'javascript:alert(1)',
    '/bff/logout?sid=x',
    '/bff/login/../logout',
    '/bff/login/more',
    '/shop/bff/login',
    '/',
    '',
    7,
    undefined,
  ])('goes nowhere but to the sign-in: not to %j', async (named) => {
    const { page, client, assigned, stored } = openTab()
    expect(await stepUp(client, answerOf(refund, { loginUrl: named }), { page })).toBe(false)
    expect([assigned, stored.size]).toEqual([[], 0])
  })

  test('goes to the sign-in of its own base path', async () => {
    const { page, client, assigned } = openTab('/shop')
    expect(await stepUp(client, answerOf(refund), { page })).toBe(false)
    const ours = answerOf(refund, { loginUrl: '/shop/bff/login?max_age=0' })
    expect(await stepUp(client, ours, { page })).toBe(true)
    expect(assigned).toHaveLength(1)
  })

  test.each(['https://evil.test/', '//evil.test/', 'orders', '/\\evil.test'])(
    'comes back to no place like %s',
    async (returnUrl) => {
      const { page, client } = openTab()
      await expect(stepUp(client, answerOf(refund), { page, returnUrl })).rejects.toThrow(TypeError)
    },
  )

  test('lets all other answers be', async () => {
    const { page, client, assigned } = openTab()
    expect(await stepUp(client, succeeded(refund), { page })).toBe(false)
    expect(await stepUp(client, loginRequired(), { page })).toBe(false)
    expect(assigned).toEqual([])
  })
})

describe('after the sign-in', () => {
  test('the page is told once what to try again', async () => {
    const { page, client } = openTab()
    expect(takeStepUp(client, page)).toBeUndefined()
    await stepUp(client, answerOf(`${refund}?all=1`), { page })
    expect(takeStepUp(client, page)).toBe(`${refund}?all=1`)
    expect(takeStepUp(client, page)).toBeUndefined()
  })

  test('nobody is sent in circles, and may ask again', async () => {
    const { page, client, assigned } = openTab()
    await stepUp(client, answerOf(refund), { page })
    takeStepUp(client, page)
    expect(await stepUp(client, answerOf(refund), { page })).toBe(false)
    expect(assigned).toHaveLength(1)
    expect(takeStepUp(client, page)).toBeUndefined()
    expect(await stepUp(client, answerOf(refund), { page })).toBe(true)
  })

  test('success ends the errand: a later one of the same kind is a new one', async () => {
    const { page, client, assigned, stored } = openTab()
    await stepUp(client, answerOf(refund), { page })
    takeStepUp(client, page)
    expect(await stepUp(client, succeeded(refund), { page })).toBe(false)
    expect(stored.size).toBe(0)
    expect(await stepUp(client, answerOf(refund), { page })).toBe(true)
    expect(assigned).toHaveLength(2)
  })

  test('that was left for something else, that is free to be asked again', async () => {
    const { page, client } = openTab()
    await stepUp(client, answerOf(refund), { page })
    expect(await stepUp(client, answerOf(refund), { page })).toBe(true)
    expect(await stepUp(client, answerOf('/api/orders/8/refund'), { page })).toBe(true)
    expect(takeStepUp(client, page)).toBe('/api/orders/8/refund')
  })

  test('nothing goes on by itself much later', async () => {
    const { page, client } = openTab()
    await stepUp(client, answerOf(refund), { page })
    vi.setSystemTime(600_001)
    expect(takeStepUp(client, page)).toBeUndefined()
  })

  test('a BFF at another base path has nothing to do with it', async () => {
    const { page, client } = openTab()
    await stepUp(client, answerOf(refund), { page })
    expect(takeStepUp({ basePath: '/desk' }, page)).toBeUndefined()
  })
})
