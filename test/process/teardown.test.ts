// How a process with sockets may end, and how sockets may end in a process that goes on.
import { execPath, platform } from 'node:process';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const run = (name: string, folder: string): Child =>
  new Child(execPath, ['--expose-gc', fromRoot('test/fixtures/teardown.mjs'), name, folder]);

test('process.exit() in a callback, with operations pending', async () => {
  using scratch = new Scratch();
  await using child = run('exit', scratch.folder);
  expect(await child.ended).toMatchObject({ code: 7, signal: null, stderr: '' });
});

test.skipIf(platform !== 'linux').each([
  ['an exception in a callback is an uncaughtException, and the socket lives on', 'throw'],
  ['two copies of the addon work side by side', 'copies'],
  ['a socket nobody holds stays open while it reads', 'collected'],
])('%s', async (_title, name) => {
  using scratch = new Scratch();
  await using child = run(name, scratch.folder);
  expect(await child.succeeds()).toBe('done\n');
});
