// A wait that the poller has no memory for is rejected, and nothing else: what had come stays for the next call.
import { platform } from 'node:process';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { environmentOf } from './cases.js';

/** The sanitizer stands between the addon and the shim, which then cannot tell whose a call is. */
const sanitized = process.env.LD_PRELOAD?.includes('libasan') === true;

test.skipIf(platform !== 'linux' || sanitized)('what had come is not lost', async () => {
  using scratch = new Scratch();
  const env = environmentOf(scratch, 'epoll_ctl=ENOMEM/1');
  const args = [fromRoot('test/faults/waits.mjs'), scratch.folder];
  await using child = new Child(process.execPath, args, { env });
  expect(JSON.parse(await child.succeeds())).toEqual({
    errors: ['poll ENOMEM', 'recvmsg ENOMEM'],
    exact: 'abcde',
    greeting: 'hello',
    packet: 'packet',
  });
});
