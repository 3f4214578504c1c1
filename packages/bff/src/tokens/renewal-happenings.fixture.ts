import fc from 'fast-check'
import type { Fate } from './model-issuer.fixture.ts'

/** What happens next, and how many steps of what is under way are taken before the next thing. */
export type Happening = { steps: number } & (
  | { kind: 'call' | 'logout'; node: number; person: number }
  | { kind: 'crash'; node: number }
  | { kind: 'jump' | 'pause'; node: number; seconds: number }
  | { kind: 'time' | 'outage'; seconds: number }
)

export const people = ['alice', 'bob'] as const
export const nodeCount = 3
const steps = fc.nat(12)
const node = fc.nat(nodeCount - 1)
const person = fc.nat(people.length - 1)
const kindOf = <const Kind extends string>(kind: Kind) => fc.constant(kind)

export const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: kindOf('call'), node, person, steps }) },
  { weight: 1, arbitrary: fc.record({ kind: kindOf('logout'), node, person, steps }) },
  { weight: 2, arbitrary: fc.record({ kind: kindOf('crash'), node, steps }) },
  {
    weight: 1,
    arbitrary: fc.record({
      ...{ kind: kindOf('jump'), node, steps },
      seconds: fc.constantFrom(-3600, -30, 0, 30, 3600),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kindOf('pause'),
      node,
      seconds: fc.constantFrom(1, 8, 45),
      steps,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: kindOf('outage'), seconds: fc.constantFrom(1, 8), steps }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ kind: kindOf('time'), steps },
      seconds: fc.constantFrom(1, 2, 5, 30, 40),
    }),
  },
)
export const fates: fc.Arbitrary<fc.Stream<Fate>> = fc.infiniteStream(
  fc.record({
    kind: fc.oneof(
      { weight: 6, arbitrary: kindOf('well') },
      { weight: 1, arbitrary: kindOf('down') },
      { weight: 1, arbitrary: kindOf('lost') },
      { weight: 1, arbitrary: kindOf('nonce') },
    ),
    lateMs: fc.constantFrom(0, 200, 4800),
  }),
)
