// A signal ends the command as whoever sent it expects, and leaves nothing behind.
import { existsSync, readdirSync } from 'node:fs';
import { UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { afunix, listening } from '../helpers/command.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

const types = hasSeqpacket ? ['stream', 'seqpacket', 'dgram'] : ['stream', 'dgram'];

test.each(types)('%s: Ctrl-C removes the path', async (type) => {
  using scratch = new Scratch();
  for (const command of ['listen', 'receive']) {
    await using child = await listening([command, '-t', type, scratch.path()]);
    expect(existsSync(scratch.path())).toBe(true);

    child.kill('SIGINT');
    expect(await child.ended).toMatchObject({ code: null, signal: 'SIGINT', stdout: '' });
    expect(child.stderr.trim().split('\n')).toHaveLength(1);
    expect(readdirSync(scratch.folder)).toEqual([]);
  }
});

test.each(['SIGTERM', 'SIGHUP'] as const)('%s does the same', async (signal) => {
  using scratch = new Scratch();
  await using child = await listening(['receive', scratch.path()]);

  child.kill(signal);
  expect(await child.ended).toMatchObject({ code: null, signal });
  expect(existsSync(scratch.path())).toBe(false);
});

test('in the middle of a conversation', async () => {
  using scratch = new Scratch();
  await using child = await listening(['receive', '-k', scratch.path()]);
  await using stream = await UnixStream.connect(scratch.path());
  await stream.write('hello');
  await child.says('hello');

  child.kill('SIGINT');
  expect(await child.ended).toMatchObject({ signal: 'SIGINT' });
  expect(await stream.read()).toBe(null);
  expect(existsSync(scratch.path())).toBe(false);
});

test('a client', async () => {
  using scratch = new Scratch();
  await using server = await listening(['listen', scratch.path()]);
  await using client = afunix(['connect', scratch.path()]);
  await client.says('connected', 'stderr');

  client.kill('SIGINT');
  expect(await client.ended).toMatchObject({ signal: 'SIGINT' });
  await server.succeeds();
});
