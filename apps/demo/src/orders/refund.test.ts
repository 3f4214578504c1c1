import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openShop, type Shop } from './testing/shop.ts'

let shop: Shop

beforeEach(async () => {
  shop = await openShop()
})

afterEach(() => shop.close())

const secondsAgo = (seconds: number) => Math.floor(Date.now() / 1000) - seconds

function refund(id: string, authTime: number | undefined, sub = 'alice') {
  const claims = { auth_time: authTime }
  return shop.ask(`/orders/${id}/refund`, { method: 'POST', claims, sub })
}

describe('a refund', () => {
  test('is for who signed in recently: it cancels, brings the pieces back, happens once', async () => {
    const { body } = await shop.order('RUG-07', 3)

    const first = await refund(body.id, secondsAgo(10))
    const again = await refund(body.id, secondsAgo(10))

    expect(first).toMatchObject({ status: 200, body: { status: 'cancelled' } })
    expect(first.body.refundedAt).toMatch(/^\d{4}-.*Z$/)
    expect(again.body.refundedAt).toBe(first.body.refundedAt)
    await vi.waitFor(async () => expect(await shop.stockOf('RUG-07')).toBe(3))
  })

  test.each([secondsAgo(400), undefined])(
    'asks for another sign-in when the last was at %s, and changes nothing',
    async (authTime) => {
      const { body } = await shop.order('RUG-07', 1)

      const { status, headers, body: problem } = await refund(body.id, authTime)

      expect(status).toBe(401)
      expect(problem.code).toBe('ERR_STEP_UP_REQUIRED')
      expect(headers.get('www-authenticate')).toContain('max_age="300"')
      expect((await shop.ask(`/orders/${body.id}`)).body).toMatchObject({ status: 'placed' })
    },
  )

  test('of another person’s order is not to be had', async () => {
    const { body } = await shop.order('RUG-07', 1)

    expect(await refund(body.id, secondsAgo(10), 'bob')).toMatchObject({ status: 404 })
  })

  test('of an order that is cancelled already does not give its pieces back twice', async () => {
    const { body } = await shop.order('RUG-07', 3)
    await shop.ask(`/orders/${body.id}`, { method: 'DELETE' })
    await vi.waitFor(async () => expect(await shop.stockOf('RUG-07')).toBe(3))
    await shop.order('RUG-07', 1)

    expect((await refund(body.id, secondsAgo(10))).body.refundedAt).toBeDefined()
    expect(await shop.stockOf('RUG-07')).toBe(2)
  })
})
