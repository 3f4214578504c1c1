import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fate } from './model-issuer.fixture.ts'
import {
  createModel,
  fates,
  type Happening,
  happening,
  type Mode,
  present,
  take,
} from './renewal-model.fixture.ts'

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
      model.start(happens)
      await take(s, happens.steps)
    }
    await take(s, 5000)
    expect(s.count()).toBe(0)
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
