import { checkSteps } from './check-steps.ts'
import { runSteps } from './steps.ts'

await runSteps([
  ...checkSteps,
  {
    title: 'Flows once more, with sessions in cookies',
    run: ['vitest', 'run', '--project=flows-sealed'],
    countsTests: true,
  },
  {
    title: 'Flows once more, without the fast lane',
    run: ['vitest', 'run', '--project=flows-node'],
    countsTests: true,
  },
  { title: 'Servers to test with', run: ['node', 'tools/servers.ts'] },
  {
    title: 'Session stores on Redis and PostgreSQL, and nginx as an upstream',
    run: ['vitest', 'run', '--project=stores'],
    countsTests: true,
  },
  {
    title: 'Flows at Redis and PostgreSQL, in both modes',
    run: ['vitest', 'run', '--project=flows-at-*'],
    countsTests: true,
  },
  { title: 'A browser to test with', run: ['node', 'tools/chromium.ts'] },
  {
    title: 'Journeys in Chromium',
    run: ['vitest', 'run', '--project=journeys'],
    countsTests: true,
  },
])
