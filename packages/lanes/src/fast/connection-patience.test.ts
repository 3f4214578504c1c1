import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { createConnectionPatience } from './connection-patience.ts'

function createTime() {
  const socket = { writableLength: 0 }
  const time = { now: 0 }
  const patience = createConnectionPatience(socket as Socket, () => time.now)
  return { socket, time, patience }
}

test('an idle connection is over after 65 seconds', () => {
  const { patience } = createTime()
  expect(patience.isOver(65, 'reading')).toBe(false)
  expect(patience.isOver(66, 'reading')).toBe(true)
})

test('a head may take 5 seconds', () => {
  const { patience } = createTime()
  expect(patience.isHeadLate(5)).toBe(false)
  expect(patience.isHeadLate(6)).toBe(true)
})

test.each(['reading', 'closing'] as const)(
  'a client that takes its answer slowly gets it whole (%s)',
  (phase) => {
    const { socket, patience } = createTime()
    for (let second = 1; second <= 500; second += 1) {
      socket.writableLength = (500 - second) * 1000
      expect(patience.isOver(second, phase), `second ${second}`).toBe(false)
    }
    expect(patience.isOver(502, phase)).toBe(false)
    expect(patience.isOver(600, phase)).toBe(true)
  },
)

test('a client that takes nothing of its answer is left after a minute', () => {
  const { socket, patience } = createTime()
  socket.writableLength = 1000
  expect(patience.isOver(1, 'closing')).toBe(false)
  expect(patience.isOver(60, 'closing')).toBe(false)
  expect(patience.isOver(62, 'closing')).toBe(true)
})

test('who sends on after the last answer is listened to for half a minute at most', () => {
  const { time, patience } = createTime()
  for (time.now = 1; time.now <= 30; time.now += 1) {
    patience.received()
    expect(patience.isOver(time.now, 'closing')).toBe(false)
  }
  expect(patience.isOver(31, 'closing')).toBe(true)
})
