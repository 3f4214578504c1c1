import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createWorld, pass, settle } from './testing/events-world.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the tab that holds the stream', () => {
  test('hands over when it is closed', async () => {
    const { server, openTab, asked } = createWorld()
    const [one, two] = [await openTab(), await openTab({ isHidden: true })]
    one.tab.close()
    await settle()
    expect([server.open, asked('/bff/events')]).toEqual([1, 2])
    server.tell({ type: 'expiring', expiresIn: 60 })
    await settle()
    expect([one.told, two.told]).toEqual([[], ['expiring 60']])
  })

  test('hands over when it is frozen, and waits in line when it goes on', async () => {
    const { server, openTab, asked } = createWorld()
    const [one, two] = [await openTab(), await openTab()]
    one.tab.live('freeze')
    await settle()
    expect([server.open, asked('/bff/events')]).toEqual([1, 2])
    one.tab.live('resume')
    await settle()
    expect([server.open, asked('/bff/events')]).toEqual([1, 2])
    two.tab.close()
    await settle()
    server.tell({ type: 'expiring', expiresIn: 60 })
    await settle()
    expect(one.told.at(-1)).toBe('expiring 60')
  })

  test('hands over when it is kept for a return, and comes back with it', async () => {
    const { server, openTab, asked } = createWorld()
    const one = await openTab()
    one.tab.emit('pagehide', { persisted: true })
    await settle()
    expect(server.open).toBe(0)
    one.tab.emit('pageshow', { persisted: true })
    await settle()
    expect([server.open, asked('/bff/events')]).toEqual([1, 2])
  })

  test('loses it to a tab that is seen when it does not answer', async () => {
    const { server, openTab, asked } = createWorld()
    const one = await openTab()
    const two = await openTab({ isHidden: true })
    one.tab.deafen()
    await pass(60, server)
    expect(asked('/bff/events'), 'nobody looks').toBe(1)
    two.tab.show('visible')
    await pass(6)
    expect([server.open, asked('/bff/events')]).toEqual([1, 2])
    server.tell({ type: 'expiring', expiresIn: 60 })
    await settle()
    expect(two.told).toEqual(['expiring 60'])
  })

  test('loses it while another tab is seen all the time, too', async () => {
    const { server, openTab, asked } = createWorld()
    const one = await openTab()
    await openTab()
    await pass(60, server)
    one.tab.deafen()
    await pass(60, server)
    expect([server.open, asked('/bff/events')]).toEqual([1, 2])
  })

  test('keeps it for as long as it answers', async () => {
    const { server, openTab, asked } = createWorld()
    await openTab()
    await openTab()
    await pass(300, server)
    expect([server.open, asked('/bff/events')]).toEqual([1, 1])
  })
})

describe.each(['no', 'forbidden'] as const)('with Web Locks: %s', (locks) => {
  test('each tab that is seen holds a stream of its own, and no other does', async () => {
    const { server, openTab } = createWorld({ locks })
    const one = await openTab()
    const two = await openTab({ isHidden: true })
    expect(server.open).toBe(1)
    two.tab.show('visible')
    await settle()
    expect(server.open).toBe(2)
    one.tab.show('hidden')
    await settle()
    expect(server.open).toBe(1)
    server.end('expired')
    await settle()
    expect([one.told, two.told]).toEqual([['ended expired'], ['ended expired']])
    two.tab.show('hidden')
    two.tab.show('visible')
    await settle()
    expect(server.open).toBe(0)
  })
})
