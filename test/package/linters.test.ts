// The package as others' tools see it.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inject, test } from 'vitest';
import { fromRoot } from '../helpers/programs.js';

const { tarball } = inject('packed');
const run = promisify(execFile);

test('publint', async () => {
  await run(fromRoot('node_modules/.bin/publint'), [tarball, '--strict']);
});

// ESM alone, which Node requires too from 20.19 on.
test('attw', async () => {
  await run(fromRoot('node_modules/.bin/attw'), [tarball, '--profile', 'esm-only', '--no-emoji']);
});
