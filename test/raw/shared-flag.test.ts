// Without O_NONBLOCK on the file, which anybody who shares it can clear, calls of afunix/raw do not wait all the same.
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

/** What the call throws, and whether the file has the flag afterwards. */
const throws = ['EAGAIN', false];

const seen = {
  accept: throws,
  'accept of seqpacket': throws,
  connect: ['EAGAIN', true],
  'connect of seqpacket': ['EAGAIN', true],
  recv: throws,
  'recv of a datagram': throws,
  recvfrom: throws,
  recvmsg: throws,
  recvmmsg: throws,
  'recvmmsg of more than are there': throws,
  send: throws,
  'send of a packet': throws,
  sendto: throws,
  sendmsg: throws,
  'sendmsg of a datagram': throws,
  sendmmsg: throws,
  'on a dup': throws,
  'on a number that was a blocking one': throws,
  'on a blocking one that a socket took over': throws,
  'connect of a datagram socket': ['nothing was thrown', false],
};

test.skipIf(!onLinux)('calls on a file without O_NONBLOCK', { timeout: 60_000 }, async () => {
  using scratch = new Scratch();
  const options = { timeout: 50_000, killSignal: 'SIGKILL' } as const;
  const args = [scratch.folder, ...Object.keys(seen)];
  await using child = Child.fixture('raw-shared-flag.mjs', args, options);
  const lines = (await child.succeeds()).trimEnd().split('\n');
  expect(Object.fromEntries(lines.map((line) => JSON.parse(line)))).toEqual({
    ...seen,
    'in another thread': throws,
  });
});
