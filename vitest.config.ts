import { defineConfig } from 'vitest/config'

const conditions = ['sallyport-source']

// Each starts the whole demo, which two cores carry once.
const journeyOptions = { fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    projects: [
      project('rules', ['tools/**/*.test.ts']),
      project('unit', ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts']),
      project('flows', ['e2e/flows/**/*.test.ts']),
      project('journeys', ['e2e/journeys/**/*.test.ts'], journeyOptions),
    ],
  },
})

/** Tests of one kind, all against the sources: nothing is built first. */
function project(name: string, include: string[], rest: object = {}) {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: { name, include, execArgv: ['--conditions=sallyport-source'], ...rest },
  }
}
