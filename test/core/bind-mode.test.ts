// `mode` is the socket file's mode, exactly, whatever the umask says, and the umask is not touched.
import { statSync } from 'node:fs';
import { UnixDatagram, UnixListener } from 'afunix';
import { afterEach, expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

const inherited = process.umask();
afterEach(() => {
  process.umask(inherited);
});

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

test.each([
  [0o022, 0o660],
  [0o077, 0o666],
  [0o000, 0o600],
  [0o777, 0o777],
  [0o022, 0o000],
])('umask %o, mode %o', async (umask, mode) => {
  using scratch = new Scratch();
  for (const replace of ['never', 'stale', 'always'] as const) {
    process.umask(umask);
    await using listener = await UnixListener.bind(scratch.path(replace), { mode, replace });
    expect(process.umask()).toBe(umask);
    process.umask(inherited);
    expect(modeOf(scratch.path(replace))).toBe(mode.toString(8));
    expect(listener.closed).toBe(false);
  }
});

test('without it, as the umask says', async () => {
  using scratch = new Scratch();
  process.umask(0o027);
  await using socket = await UnixDatagram.bind(scratch.path());
  expect(modeOf(socket.localAddress?.path ?? '')).toBe('750');
});
