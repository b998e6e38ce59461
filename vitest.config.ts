import { configDefaults, defineConfig } from 'vitest/config'

/** They wait for real time-outs of a real network and server: `npm run test:long` runs them too. */
const LONG = ['test/chaos/outage.test.ts', 'test/chaos/vanish.test.ts']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'plugins/*/test/**/*.test.ts'],
    exclude: process.env.TEST_LONG ? configDefaults.exclude : [...configDefaults.exclude, ...LONG],
    globalSetup: ['test/global-setup.ts'],
    // Processes, not threads: tests start worker threads, change signals and open many connections.
    pool: 'forks',
    // Nothing in Djet is kept in a module, so files may follow one another in a process that has it loaded.
    isolate: false,
    // Many wait for something most of the time. On a busy machine one may wait too long: once more, then.
    maxWorkers: 3,
    retry: process.env.CI ? 1 : 0,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
})
