import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global.ts'],
    setupFiles: ['test/support/seed.ts'],
    pool: 'forks',
    isolate: false,
    execArgv: ['--max-semi-space-size=64'],
    // Each of these has a server of its own: a write transaction in any database of a server holds back all horizons there.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
