import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fate } from './model-issuer.fixture.ts'
import { fates, type Happening, happening } from './renewal-happenings.fixture.ts'
import { createModel, type Mode, present, take } from './renewal-model.fixture.ts'

const modes: Mode[] = ['stored', 'sealed']
const graces = [
  {
    issuer: 'takes a refresh token again',
    grace: Number.POSITIVE_INFINITY,
    splitSeal: false,
  },
  { issuer: 'ends the family for one that comes again', grace: 0, splitSeal: true },
]
const settings = modes.flatMap((mode) => graces.map((grace) => ({ mode, ...grace })))

describe.each(settings)('renewals of $mode sessions, at an issuer that $issuer', (setting) => {
  const mayLose = setting.grace === 0

  /** Lets all that happens happen, over three processes, and gives what came of it. */
  async function play(s: fc.Scheduler, all: Happening[], fate: fc.Stream<Fate>) {
    const model = await createModel(setting, s, () => fate.next().value)
    for (const happens of all) {
      await model.start(happens)
      await take(s, happens.steps)
    }
    expect(await model.pass(200)).toBe(true)
    return model
  }

  test('A220-A222, A225, A230: send no refresh token twice, mix up nobody, lose no session that can be kept, and never outlive a sign-out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(happening, { maxLength: 24 }),
        fates,
        async (...given) => {
          const { issuer, problems, crowd, home, crashes } = await play(...given)
          expect(issuer.violations).toEqual([])
          const losses = problems.filter((problem) => problem.endsWith('lost the session'))
          expect(mayLose ? problems.filter((one) => !losses.includes(one)) : problems).toEqual([])
          for (const who of crowd) {
            const session = await home.open(present(who.jar))
            if (who.isSignedOut) expect(session, `${who.name} is signed out`).toBeUndefined()
            else if (!who.isLeaving && !mayLose) expect(session, `${who.name} is in`).toBeDefined()
            if (who.isSignedOut && crashes() === 0) {
              expect(issuer.isRevoked(who.firstRefreshToken)).toBe(true)
            }
          }
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe.each(modes)('a renewal of a %s session whose process is killed', (mode) => {
  test('A221: at any moment, is done by another within the ten seconds that an issuer allows', async () => {
    const isSlow = fc.boolean()
    const moment = fc.nat(30)
    const msUntilNextCall = fc.constantFrom(0, 500, 4000)
    await fc.assert(
      fc.asyncProperty(
        ...([fc.scheduler(), isSlow, moment, msUntilNextCall] as const),
        async (s, slow, killAt, laterMs) => {
          const fate: Fate = { kind: 'well', lateMs: slow ? 2000 : 200 }
          const model = await createModel({ mode, grace: 10, splitSeal: false }, s, () => fate)
          await model.start({ kind: 'call', node: 0, person: 0, steps: 0 })
          for (let i = 0; i < killAt; i += 1) {
            await take(s, 1)
            if (s.count() === 0) await model.pass(0.05)
          }
          const before = model.answered()
          await model.start({ kind: 'crash', node: 0, steps: 0 })
          await model.pass(laterMs / 1000)
          await model.start({ kind: 'call', node: 1, person: 0, steps: 0 })
          await model.pass(6)
          expect(model.answered()).toBe(before + 1)
          expect(model.problems).toEqual([])
          expect(model.issuer.violations).toEqual([])
        },
      ),
      { numRuns: 150 },
    )
  })
})
