// Writes what ran of a test file's process, for scripts/coverage.mjs: vitest kills the process afterwards.
import { takeCoverage } from 'node:v8';
import { afterAll } from 'vitest';

afterAll(() => takeCoverage());
