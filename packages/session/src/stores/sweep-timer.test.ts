import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { createMemoryStore } from './memory.ts'
import { startSweeping } from './sweep-timer.ts'

test('sweeps again and again until it is stopped', async () => {
  let sweeps = 0
  const stop = startSweeping(() => {
    sweeps += 1
  }, 0.001)
  await expect.poll(() => sweeps).toBeGreaterThan(3)
  stop()
  const swept = sweeps
  await new Promise<void>((resolve) => {
    const stopOther = startSweeping(() => {
      stopOther()
      resolve()
    }, 0.005)
  })
  expect(sweeps).toBe(swept)
})

test('turns a failure into a warning and goes on', async () => {
  let sweeps = 0
  const stop = startSweeping(async () => {
    sweeps += 1
    if (sweeps === 1) throw new Error('the disk is full')
  }, 0.001)
  onTestFinished(stop)
  const [warning] = await once(process, 'warning')
  expect(warning.message).toBe('the disk is full')
  await expect.poll(() => sweeps).toBeGreaterThan(1)
})

test('sweeps a memory store, which asks for the time each time', async () => {
  let asked = 0
  const clock = () => {
    asked += 1
    return 0
  }
  const store = createMemoryStore({ clock, sweepEverySeconds: 0.001 })
  onTestFinished(() => store.close())
  await expect.poll(() => asked).toBeGreaterThan(2)
})
