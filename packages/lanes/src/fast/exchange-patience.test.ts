import { expect, test } from 'vitest'
import { createExchangePatience } from './exchange-patience.ts'

const answering = { turn: 'upstream', limit: 10, isSending: false } as const
const sending = { turn: 'client', limit: 60, isSending: true } as const

function createTime() {
  const time = { now: 1000 }
  const patience = createExchangePatience(() => time.now)
  return { time, patience }
}

test('whoever is silent for longer than its limit is too slow', () => {
  const { time, patience } = createTime()
  expect(patience.problem(1010, answering)).toBeUndefined()
  expect(patience.problem(1011, answering)).toBe('the upstream fell silent')
  time.now = 1011
  patience.moved()
  expect(patience.problem(1021, answering)).toBeUndefined()
})

test('an upload that drips is too slow, though it is never silent', () => {
  const { time, patience } = createTime()
  const problems: unknown[] = []
  for (let second = 1; second <= 60; second += 1) {
    time.now = 1000 + second
    patience.received(10)
    problems.push(patience.problem(time.now, sending))
  }
  expect(problems.slice(0, -1).every((problem) => problem === undefined)).toBe(true)
  expect(problems.at(-1)).toBe('the client sends too slowly')
})

test.each([
  ['that is steady', 100, () => sending],
  ['that the upstream holds back', 0, (second: number) => (second % 50 ? sending : answering)],
])('an upload %s goes on', (_which, bytes, state) => {
  const { time, patience } = createTime()
  for (let second = 1; second <= 600; second += 1) {
    time.now = 1000 + second
    patience.received(bytes)
    expect(patience.problem(time.now, state(second))).toBeUndefined()
  }
})
