import { expect, test } from 'vitest'
import type { Bff } from '../create-bff.ts'
import type { Decision, RespondDecision } from '../decision.ts'
import { createFrontend } from './frontend.ts'

const head = { method: 'GET', target: '/', headers: [], remoteAddress: '::1' }
const answer: RespondDecision = { kind: 'respond', status: 200, headers: [], body: '' }

function setting(decision: Decision | Promise<Decision>) {
  const events: string[] = []
  const bff = { decide: () => decision, close: async () => void events.push('closed') }
  return { frontend: createFrontend(bff as unknown as Bff), events }
}

test('a decision that is made at once stays so', () => {
  expect(setting(answer).frontend.decide(head)).toBe(answer)
})

test('a frontend that is gone closes after its decisions under way, bodies included', async () => {
  const body = Promise.withResolvers<RespondDecision>()
  const decision = Promise.withResolvers<Decision>()
  const { frontend, events } = setting(decision.promise)
  const decided = frontend.decide(head) as Promise<Decision>
  const retired = frontend.retire()
  decision.resolve({ kind: 'read', limit: 1, decide: () => body.promise })
  const read = await decided
  if (read.kind !== 'read') throw new Error('the body is read first')
  const answered = read.decide('').then(() => events.push('answered'))
  body.resolve(answer)
  await Promise.all([answered, retired])
  expect(events).toEqual(['answered', 'closed'])
})

test('one whose decision fails closes all the same', async () => {
  const { frontend, events } = setting(Promise.reject(new Error('failed')))
  await expect(frontend.decide(head)).rejects.toThrow('failed')
  await frontend.retire()
  expect(events).toEqual(['closed'])
})
