// Receiving that fails is tried again after a while: on a socket that is unref'd this keeps no process alive.
import { execFileSync } from 'node:child_process';
import { platform } from 'node:process';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';

const sanitized = process.env.LD_PRELOAD?.includes('libasan') === true;

test.skipIf(platform !== 'linux' || sanitized)('ENOMEM at every receive', async () => {
  using scratch = new Scratch();
  const shim = scratch.path('shim.so');
  execFileSync('cc', ['-shared', '-fPIC', '-o', shim, fromRoot('test/faults/shim.c'), '-ldl']);
  const AFUNIX_FAULTS = 'recvmsg=ENOMEM/1,recvmmsg=ENOMEM/1';
  const env = { ...process.env, LD_PRELOAD: shim, AFUNIX_FAULTS };
  await using child = Child.fixture('cannot-receive.mjs', [], { env });
  expect(await child.succeeds()).toBe('ENOMEM\n1\n0\n');
});
