// The types resolve and hold, from a module and from CommonJS, as its users' compilers look for them.
import { execFile } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject, test } from 'vitest';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const { app } = inject('packed');

test.each([
  ['nodenext', 'nodenext', 'typed.mts'],
  ['nodenext', 'nodenext', 'typed.cts'],
  ['bundler', 'esnext', 'typed.ts'],
])('moduleResolution %s, module %s, %s', async (resolution, module, file) => {
  using scratch = new Scratch();
  cpSync(join(app, 'typed.ts'), scratch.path(file));
  symlinkSync(join(app, 'node_modules'), scratch.path('node_modules'));
  await promisify(execFile)(process.execPath, [
    ...[fromRoot('node_modules/typescript/bin/tsc'), scratch.path(file), '--noEmit', '--strict'],
    ...['--target', 'es2023', '--lib', 'es2023,esnext.disposable', '--ignoreConfig'],
    ...['--moduleResolution', resolution, '--module', module],
    ...['--typeRoots', fromRoot('node_modules/@types'), '--types', 'node'],
  ]);
});
