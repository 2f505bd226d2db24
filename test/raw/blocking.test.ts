// Calls wait on descriptors that were made with `{ blocking: true }`, and on duplicates of these.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { describeWith, programPath } from '../helpers/programs.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

const seen = {
  // First: recvmmsg(2) returns what it has when a signal comes, such as the SIGCHLD of those that have acted.
  'recvmmsg, for all': 2,
  recv: 'late',
  recvfrom: 'late',
  recvmsg: 'late',
  'recvmmsg, for one': 1,
  'recv on a dup of a dup': 'late',
  'recv on what accept made blocking': 'late',
  send: 1,
  sendmsg: 1,
  sendmmsg: 1,
  accept: true,
  connect: 'connected',
};

describeWith('python3', onLinux ? programPath('python3') : undefined, (python) => {
  test('calls wait for another process', { timeout: 60_000 }, async () => {
    using scratch = new Scratch();
    const options = { timeout: 50_000, killSignal: 'SIGKILL' } as const;
    const args = [python, scratch.folder, ...Object.keys(seen)];
    await using child = Child.fixture('raw-blocking.mjs', args, options);
    const lines = (await child.succeeds()).trimEnd().split('\n');
    expect(Object.fromEntries(lines.map((line) => JSON.parse(line)))).toEqual(seen);
  });
});
