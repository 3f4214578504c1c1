import { expect, test } from 'vitest'
import { readProblem } from './problem.ts'

test('reads the problem and leaves the body readable', async () => {
  const response = respond('{"title":"Sign in first"}', 'application/problem+json; charset=utf-8')
  expect(await readProblem(response)).toEqual({ title: 'Sign in first' })
  expect(await response.text()).toBe('{"title":"Sign in first"}')
})

test.each([
  ['plain JSON', '{"title":"x"}', 'application/json'],
  ['a page', '<!doctype html>', 'text/html'],
  ['a broken problem', '{"title":', 'application/problem+json'],
  ['no object', 'null', 'application/problem+json'],
])('finds none in %s', async (_, body, type) => {
  expect(await readProblem(respond(body, type))).toBeUndefined()
})

function respond(body: string, type: string): Response {
  return new Response(body, { status: 400, headers: { 'content-type': type } })
}
