import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { known, unloaded } from './test/runtimes/known.js';

// The tests import `afunix` as its users do: Node resolves the name through the exports of
// package.json, and dist/ and the packages of compat/ are loaded by Node itself, never transformed.
const report = process.env.AFUNIX_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/package/**', '**/node_modules/**', ...unloaded],
    globalSetup: ['test/helpers/setup.ts'],
    setupFiles: [
      ...(process.env.NODE_V8_COVERAGE === undefined ? [] : ['test/helpers/take-coverage.ts']),
      ...(Object.keys(known).length === 0 ? [] : ['test/runtimes/skip-known.ts']),
    ],
    pool: 'forks',
    // Most of them wait, for each other's processes and for time to pass.
    maxWorkers: availableParallelism(),
    server: { deps: { external: [/\/dist\//, /\/compat\/[\w-]+\/[\w-]+\.js$/] } },
    testTimeout: 20_000,
    hookTimeout: 20_000,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
