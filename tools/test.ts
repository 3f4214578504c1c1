import { checkSteps } from './check-steps.ts'
import { runSteps } from './steps.ts'

await runSteps([
  ...checkSteps,
  { title: 'A browser to test with', run: ['node', 'tools/chromium.ts'] },
  {
    title: 'Journeys in Chromium',
    run: ['vitest', 'run', '--project=journeys'],
    countsTests: true,
  },
])
