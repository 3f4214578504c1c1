import type { Step } from './steps.ts'

/** What `npm run check` does: everything that needs no browser and no server of its own. */
export const checkSteps: readonly Step[] = [
  { title: 'Format and lint (Biome)', run: ['biome', 'ci', '--colors=off'] },
  { title: 'Build the packages (tsc -b)', run: ['tsc', '-b'] },
  { title: 'Type-check tests, apps and tools', run: ['tsc', '-p', 'tsconfig.check.json'] },
  {
    title: 'Unused files, exports and dependencies (knip)',
    run: ['knip', '--no-progress', '--no-config-hints'],
  },
  {
    title: 'House rules and published packages',
    run: ['vitest', 'run', '--project=rules'],
    countsTests: true,
  },
  { title: 'Unit and contract tests', run: ['vitest', 'run', '--project=unit'], countsTests: true },
  {
    title: 'Flows against the real identity server',
    run: ['vitest', 'run', '--project=flows'],
    countsTests: true,
  },
]
