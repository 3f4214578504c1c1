import { expect, test } from 'vitest'
import { readBounded, receiveBounded } from './bounded-body.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('a body of just the limit is read whole, in order', async () => {
  async function* chunks() {
    yield* ['ab', '', 'cd'].map(bytes)
  }
  expect((await readBounded(chunks(), 4))?.toString()).toBe('abcd')
  expect((await readBounded(null, 0))?.length).toBe(0)
})

test('a longer one is given up at once, and its source is told', async () => {
  let given = 0
  let isTold = false
  async function* endless() {
    try {
      for (;;) {
        given += 1
        yield bytes('ab')
      }
    } finally {
      isTold = true
    }
  }
  expect(await readBounded(endless(), 4)).toBeUndefined()
  expect([given, isTold]).toEqual([3, true])
})

test('an answer stays what it was', async () => {
  const answer = new Response('{}', { status: 401, headers: { 'content-type': 'text/x' } })
  const received = await receiveBounded(answer, 2)
  expect(received?.status).toBe(401)
  expect(received?.headers.get('content-type')).toBe('text/x')
  expect(await received?.text()).toBe('{}')
  expect(await receiveBounded(new Response('{} '), 2)).toBeUndefined()
})

test.each([204, 205, 304])('an answer %d stays without a body', async (status) => {
  expect((await receiveBounded(new Response(null, { status }), 2))?.body).toBeNull()
})
