import { defineConfig } from 'vitest/config';

// What a user gets: the tarball, installed. `npm run prebuild` and `npm run build:lib` go before.
const report = process.env.AFUNIX_TEST_REPORT;

export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    globalSetup: ['test/package/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 600_000, // npm installs and builds in some of them
    hookTimeout: 300_000,
    reporters: !report ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
