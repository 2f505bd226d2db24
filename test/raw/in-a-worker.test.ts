// The calls work in a worker thread, on descriptors of the whole process.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { fromRoot } from '../helpers/programs.js';
import { Descriptors } from '../helpers/raw-sockets.js';

test('the main thread and a worker talk', async () => {
  using fds = new Descriptors();
  const [first, second] = fds.ownAll(
    raw.socketpair(raw.AF_UNIX, raw.SOCK_SEQPACKET, 0, { blocking: true }),
  ) as [number, number];
  const worker = new Worker(fromRoot('test/fixtures/raw-worker.mjs'), { workerData: second });
  raw.sendmsg(first, { data: 'ping', rights: [first] });
  const exit = once(worker, 'exit');
  expect(await once(worker, 'message')).toEqual(['ping with 1 descriptor']);
  const buffer = Buffer.alloc(10);
  expect(buffer.toString('utf8', 0, raw.recv(first, buffer))).toBe('pong');
  await exit;
});
