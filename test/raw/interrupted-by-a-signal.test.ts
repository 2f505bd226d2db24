// EINTR is retried: a blocking receive outlives a signal. SO_RCVTIMEO makes the kernel give EINTR
// even with SA_RESTART (signal(7)).
import { setTimeout as delay } from 'node:timers/promises';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Descriptors } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

test.each(['recv', 'recvmsg', 'recvmmsg', 'accept'])('%s', async (name) => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const listener = fds.listener(raw.SOCK_STREAM, scratch.path());
  await using child = Child.fixture('raw-interrupted.mjs', [name, scratch.folder]);
  await child.says('waiting');
  for (let i = 0; i < 5; i += 1) {
    await delay(40);
    child.kill('SIGUSR2');
  }
  await delay(40);
  if (name === 'accept') fds.connected(raw.SOCK_STREAM, scratch.path('accept'));
  else raw.send(fds.accept(listener), 'x');
  expect(await child.succeeds()).toContain('went on');
});
