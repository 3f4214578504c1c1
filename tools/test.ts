import { checkSteps } from './check-steps.ts'
import { runSteps } from './steps.ts'

await runSteps([
  ...checkSteps,
  { title: 'Servers to test with', run: ['node', 'tools/servers.ts'] },
  {
    title: 'Session stores on Redis and PostgreSQL',
    run: ['vitest', 'run', '--project=stores'],
    countsTests: true,
  },
  { title: 'A browser to test with', run: ['node', 'tools/chromium.ts'] },
  {
    title: 'Journeys in Chromium',
    run: ['vitest', 'run', '--project=journeys'],
    countsTests: true,
  },
])
