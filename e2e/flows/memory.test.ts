import { expect, test } from 'vitest'
import { receiveVisitors } from '../world/visitors.ts'

/** Bytes: far less than one a request could leave. */
const most = 1_000_000

test('50,000 anonymous requests and 5,000 abandoned sign-ins leave nothing behind', async () => {
  const { grownBy, writes } = await receiveVisitors({ anonymous: 50_000, abandoned: 5000 })
  expect(writes).toBe(0)
  expect(grownBy).toBeLessThan(most)
})
