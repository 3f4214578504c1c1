import { defineConfig } from 'vitest/config'

const conditions = ['sallyport-source']

export default defineConfig({
  test: {
    projects: [
      project('unit', ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts']),
      project('rules', ['tools/**/*.test.ts']),
      project('journeys', ['e2e/**/*.test.ts'], { fileParallelism: false, testTimeout: 60_000 }),
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
