// npm run test:bun, npm run test:deno [-- words for vitest]: the suite on another runtime, without what runs
// other programs, or for long, and what known.ts lists.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runtime } from './install.mjs';

const [name, ...words] = process.argv.slice(2);
const [program, ...before] = runtime(name);
const { status } = spawnSync(
  program,
  [...before, 'node_modules/vitest/vitest.mjs', 'run', ...words],
  { cwd: fileURLToPath(new URL('../..', import.meta.url)), stdio: 'inherit' },
);
process.exitCode = status ?? 1;
