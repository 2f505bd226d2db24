// A peer without room: reported as unix-dgram does, or waited for as Node does; lost never.
import { once } from 'node:events';
import { UnixDatagram } from 'afunix';
import { createSocket } from 'afunix/dgram';
import { expect, test } from 'vitest';
import { receiver, take } from '../helpers/full-receiver.js';
import { Scratch } from '../helpers/scratch.js';

const callback = (send: (done: (...result: unknown[]) => void) => void): Promise<unknown[]> =>
  new Promise((resolve) => send((...result) => resolve(result)));

test('report: the callback has the error, writable tells when to go on', async () => {
  using scratch = new Scratch();
  await using peer = await receiver(scratch);
  const client = createSocket('unix_dgram').connect(scratch.path('receiver'));
  let sent = 0;
  let error: unknown = null;
  while (error === null) {
    [error] = await callback((done) => client.send('fill', done));
    if (error === null) sent += 1;
  }
  expect(error).toMatchObject({ message: 'congestion', code: 'EAGAIN', syscall: 'send' });
  expect(client.getSendQueueCount()).toBe(0);
  const writable = once(client, 'writable');
  await take(peer, sent);
  await writable;
  expect(await callback((done) => client.send('again', done))).toEqual([null, 5]);
  client.close();
});

test('report, and nobody to report to: the message waits', async () => {
  using scratch = new Scratch();
  await using peer = await receiver(scratch);
  const client = createSocket('unix_dgram').connect(scratch.path('receiver'));
  const buffer = Buffer.alloc(1);
  for (let i = 0; i < 50; i++) {
    buffer[0] = 65 + i;
    client.send(buffer);
  }
  expect(client.getSendQueueCount()).toBeGreaterThan(0);
  expect(client.getSendQueueSize()).toBe(client.getSendQueueCount());
  const texts = await take(peer, 50);
  expect(texts.join('')).toBe(String.fromCharCode(...Array.from({ length: 50 }, (_, i) => 65 + i)));
  client.close();
});

test.each(['wait', 'a path'])('%s: the callback comes when it has gone', async (way) => {
  using scratch = new Scratch();
  await using peer = await receiver(scratch);
  const client = createSocket({
    type: 'unix_dgram',
    ...(way === 'wait' ? { congestion: 'wait' } : {}),
  });
  const to = way === 'wait' ? [] : [scratch.path('receiver')];
  if (way === 'wait') client.connect(scratch.path('receiver'));
  const congested = once(client, 'congestion').then(() => Promise.reject(new Error('congestion')));
  const all = Array.from({ length: 30 }, (_, i) =>
    callback((done) => (client.send as (...given: unknown[]) => void)(`message ${i}`, ...to, done)),
  );
  expect(client.getSendQueueCount()).toBeGreaterThan(0);
  const texts = await Promise.race([take(peer, 30), congested]);
  expect(texts).toEqual(Array.from({ length: 30 }, (_, i) => `message ${i}`));
  for (const [error] of await Promise.all(all)) expect(error).toBeNull();
  expect(client.getSendQueueCount()).toBe(0);
  client.close();
});

test('over sendQueueLimit: ENOBUFS', async () => {
  using scratch = new Scratch();
  await using _peer = await receiver(scratch);
  const client = createSocket({
    type: 'unix_dgram',
    congestion: 'wait',
    sendQueueLimit: { messages: 1 },
  }).connect(scratch.path('receiver'));
  const errors: unknown[] = [];
  client.on('error', (error) => errors.push(error));
  while (client.getSendQueueCount() === 0) client.send('fill');
  const [error] = await callback((done) => client.send('over', done));
  expect(error).toMatchObject({ code: 'ENOBUFS' });
  client.send('over');
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toMatchObject([{ code: 'ENOBUFS' }]);
  client.close();
});

test('closing fails what waits', async () => {
  using scratch = new Scratch();
  await using _peer = await UnixDatagram.bind(scratch.path());
  const client = createSocket({ type: 'unix_dgram', congestion: 'wait' }).connect(scratch.path());
  while (client.getSendQueueCount() === 0) client.send('fill');
  const waiting = callback((done) => client.send('waits', done));
  client.close();
  expect(await waiting).toMatchObject([{ code: 'ERR_SOCKET_CLOSED' }]);
});
