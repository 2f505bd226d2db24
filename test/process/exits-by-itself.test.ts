// A process ends when nothing is awaited: its sockets are closed, idle or unref'd. Not before.
import { existsSync } from 'node:fs';
import { UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

test.each(['closed', 'idle', 'unref'])('sockets that are %s let the process end', async (way) => {
  using scratch = new Scratch();
  await using child = Child.fixture('exits.mjs', [way, scratch.path()]);

  expect(await child.succeeds()).toBe('done\n');
});

test('a pending accept keeps the process alive until it is served', async () => {
  using scratch = new Scratch();
  await using child = Child.fixture('exits.mjs', ['awaited', scratch.path()]);
  await child.says('ready');
  // Time to end, for a process that is wrong. A slow machine can only make this test miss that.
  await new Promise((resolve) => setTimeout(resolve, 200));

  await using stream = await UnixStream.connect(scratch.path());
  expect((await stream.read())?.toString()).toBe('served');
  expect(await child.succeeds()).toBe('ready\ndone\n');
  expect(existsSync(scratch.path())).toBe(false);
});
