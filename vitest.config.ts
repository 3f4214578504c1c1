import { defineConfig } from 'vitest/config'

const conditions = ['sallyport-source']

// Generous: a busy machine is no failure, and a test that is about time has a limit of its own.
const patience = { testTimeout: 60_000, hookTimeout: 60_000 }

// Tests that need Chromium run with the journeys, wherever they stand.
const browserTests = '**/*.browser.test.ts'

// Tests that start Redis, PostgreSQL or nginx.
const serverTests = [
  'packages/session/src/stores/{redis,postgres}*.test.ts',
  'packages/session/src/cache/cached-{marks,store}.test.ts',
  'e2e/stores/**/*.test.ts',
  'e2e/upstreams/**/*.test.ts',
]

// All of them in both modes: what a session is kept in must not show.
const flows = ['e2e/flows/**/*.test.ts']

// Those in which the store matters: they run once more on each that has a server. A test in
// tools/rules says which attacks must be among them.
const flowsAtStores = [
  'account-switch',
  'backchannel',
  'bound-tokens',
  'callback',
  'cookies',
  'forged-issuer',
  'frontchannel',
  'frontends',
  'late-responses',
  'session-lifetimes',
  'sign-in-request',
  'sign-out',
  'step-up',
  'tokens',
].map((name) => `e2e/flows/${name}.test.ts`)

// Those in which the lane matters. The others run on both as well: the fast lane carries what it can.
const flowsOnNode = [
  'cookies',
  'csrf',
  'headers',
  'late-responses',
  'proxy',
  'proxy-failures',
  'proxy-streams',
  'request-heads',
  'smuggling',
  'split-frames',
  'tokens',
  'traces-and-logs',
].map((name) => `e2e/flows/${name}.test.ts`)

// Each journey starts the whole demo, which two cores carry once.
const oneAtATime = { fileParallelism: false }

export default defineConfig({
  test: {
    projects: [
      project('rules', ['tools/**/*.test.ts']),
      project('unit', ['packages/*/src/**/*.test.ts', 'apps/*/{src,web}/**/*.test.ts'], {
        exclude: [browserTests, ...serverTests],
      }),
      project('stores', serverTests, { provide: { sessionMode: 'stored' } }),
      project('flows', flows, { provide: { sessionMode: 'stored' } }),
      project('flows-node', flowsOnNode, { provide: { sessionMode: 'stored', lanes: ['node'] } }),
      project('flows-sealed', flows, { provide: { sessionMode: 'sealed' } }),
      ...['redis', 'postgres'].flatMap((store) =>
        ['stored', 'sealed'].map((sessionMode) =>
          project(`flows-at-${store}-${sessionMode}`, flowsAtStores, {
            provide: { sessionMode },
            globalSetup: `e2e/stores/${store}.setup.ts`,
          }),
        ),
      ),
      project(
        'journeys',
        ['e2e/journeys/**/*.test.ts', `packages/*/src/${browserTests}`],
        oneAtATime,
      ),
    ],
  },
})

/** Tests of one kind, all against the sources: nothing is built first. */
function project(name: string, include: string[], rest: object = {}) {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: { name, include, execArgv: ['--conditions=sallyport-source'], ...patience, ...rest },
  }
}
