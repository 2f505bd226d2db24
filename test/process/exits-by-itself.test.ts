// A process ends when nothing is awaited: its sockets are closed, idle or unref'd. Not before.
import { existsSync } from 'node:fs';
import { UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { programPath } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

test.each(['closed', 'idle', 'unref'])('sockets that are %s let the process end', async (way) => {
  using scratch = new Scratch();
  await using child = Child.fixture('exits.mjs', [way, scratch.path()]);

  expect(await child.succeeds()).toBe('done\n');
});

test.each(['connecting', 'reconnected', 'disconnected'])(
  'nothing keeps the process that was forgotten while it waited: %s',
  async (way) => {
    using scratch = new Scratch();
    await using child = Child.fixture('exits.mjs', [way, scratch.path()]);

    expect(await child.succeeds()).toBe('done\n');
  },
);

const flock = programPath('flock');
test.skipIf(flock === undefined).each(['a server', 'a datagram socket'])(
  "%s that is unref'd does not keep the process while a directory is locked",
  async (which) => {
    using scratch = new Scratch();
    const hold = ['-x', scratch.folder, 'sh', '-c', 'echo held; exec sleep 60'];
    await using holder = new Child(flock as string, ['--no-fork', ...hold]);
    await holder.says('held');
    await using child = Child.fixture('exits.mjs', [which, scratch.path()]);

    expect(await child.succeeds()).toBe('done\n');
  },
);

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
