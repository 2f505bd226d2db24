// compat/unix-dgram: the tests of unix-dgram 2.0.7, as ours, and the order of events that its source has.
import { EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import unix, { type Socket } from 'unix-dgram';
import { expect, test, vi } from 'vitest';
import { receiver, take } from '../helpers/full-receiver.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { calledBack, emitted, failure, unexpected } from '../helpers/unix-dgram.js';

const { EINVAL, ENOENT, EAGAIN } = constants.errno;

/** Sends until the peer has no room, with a callback. Returns how many were sent, and the error. */
function fill(socket: Socket): { sent: number; error: unknown } {
  for (let sent = 0; ; sent++) {
    const [error] = calledBack((callback) => socket.send(Buffer.from(`fill ${sent}`), callback));
    if (error !== undefined) return { sent, error };
  }
}

test('it is what hot-shots and winston-syslog require as unix-dgram', () => {
  for (const client of ['hot-shots', 'winston-syslog']) {
    const from = createRequire(createRequire(import.meta.url).resolve(client));
    expect(from.resolve('unix-dgram')).toBe(fromRoot('compat/unix-dgram/index.js'));
    expect(from('unix-dgram')).toBe(unix);
  }
});

test('connected, without callbacks: congested messages are sent again when writable', async () => {
  using scratch = new Scratch();
  const expected = 300;
  const seen: string[] = [];
  const client = unix.createSocket('unix_dgram', unexpected);
  const done = new EventEmitter();
  const server = unix.createSocket('unix_dgram', (message) => {
    if (seen.push(message.toString()) < expected) return;
    server.close();
    client.close();
    done.emit('done');
  });
  server.bind(scratch.path());
  client.setMaxListeners(expected);
  let congested = 0;
  client.on('connect', () => {
    client.on('congestion', (message) => {
      congested += 1;
      client.once('writable', () => client.send(message));
    });
    for (let i = 0; i < expected; i++) client.send(Buffer.from(`PING${i}`));
  });
  client.connect(scratch.path());
  expect(congested).toBeGreaterThan(0);
  await once(done, 'done');
  expect(new Set(seen).size).toBe(expected);
});

test('connected, with callbacks: order holds', async () => {
  using scratch = new Scratch();
  const expected = 300;
  const seen: string[] = [];
  const client = unix.createSocket('unix_dgram', unexpected);
  const done = new EventEmitter();
  const server = unix.createSocket('unix_dgram', (message) => {
    if (seen.push(message.toString()) === expected) done.emit('done');
  });
  server.bind(scratch.path());
  client.on('congestion', unexpected);
  let sent = 0;
  const send = (): void => {
    client.send(Buffer.from(`PING${sent}`), (error) => {
      if (error !== undefined) {
        expect(error.code).toBe(1);
        client.once('writable', send);
        return;
      }
      sent += 1;
      if (sent < expected) setImmediate(send);
    });
  };
  client.on('connect', send);
  client.connect(scratch.path());
  await once(done, 'done');
  client.close();
  server.close();
  expect(seen).toEqual(Array.from({ length: expected }, (_, i) => `PING${i}`));
});

test('to a path, from a socket without an address and from one with', async () => {
  using scratch = new Scratch();
  const server = unix.createSocket('unix_dgram');
  server.bind(scratch.path());
  const client = unix.createSocket('unix_dgram', unexpected);
  const sent = calledBack((callback) =>
    client.send(Buffer.from('PING1'), 0, 5, scratch.path(), callback),
  );
  expect(sent).toEqual([]);
  expect((await once(server, 'message')).map(String)[0]).toBe('PING1');
  client.bind(scratch.path('client'));
  client.sendto(Buffer.from('a PING2 of bytes'), 2, 5, scratch.path());
  const [message, remote] = await once(server, 'message');
  expect(Buffer.isBuffer(message)).toBe(true);
  expect(message.toString()).toBe('PING2');
  expect(remote).toEqual({ size: 5, address: {}, path: scratch.path('client') });
  client.close();
  server.close();
});

test("an error is an event without a callback, the callback's with one", () => {
  using scratch = new Scratch();
  const client = unix.createSocket('unix_dgram', unexpected);
  const send = (callback?: () => void): void =>
    client.send(Buffer.from('ERROR'), 0, 5, scratch.path(), callback);
  expect(emitted(client, send)).toEqual([['error', expect.objectContaining({ code: -ENOENT })]]);
  client.once('error', unexpected);
  expect(calledBack(send)).toEqual([expect.objectContaining(failure('send', ENOENT))]);
  client.close();
});

test('events come before bind, connect and send return', async () => {
  using scratch = new Scratch();
  const server = unix.createSocket('unix_dgram');
  const path = scratch.path();
  expect(emitted(server, () => server.bind(path))).toEqual([['listening']]);
  const again = emitted(server, () => server.bind(scratch.path('other')));
  expect(again).toMatchObject([['error', failure('bind', EINVAL)]]);

  const client = unix.createSocket('unix_dgram');
  expect(client.connected).toBe(undefined);
  const none = emitted(client, () => client.connect(scratch.path('none')));
  expect(none).toMatchObject([['error', failure('connect', ENOENT)]]);
  expect(client.connected).toBe(undefined);
  expect(emitted(client, () => client.connect(path))).toEqual([['connect']]);
  expect(client.connected).toBe(true);

  const messages: string[] = [];
  server.on('message', (message) => messages.push(message.toString()));
  expect(calledBack((callback) => client.send(Buffer.from('one'), callback))).toEqual([]);
  expect(messages).toEqual([]);
  await once(server, 'message');
  expect(messages).toEqual(['one']);
  client.close();
  server.close();
});

test('without a listener, an error is thrown at the call', () => {
  using scratch = new Scratch();
  const socket = unix.createSocket('unix_dgram');
  const path = scratch.path('none');
  expect(() => socket.connect(path)).toThrow('connect -2');
  expect(() => socket.bind(`${path}/none`)).toThrow('bind -2');
  expect(() => socket.send(Buffer.from('a'), 0, 1, path)).toThrow('send -2');
  socket.close();
});

test('a full peer: callback or congestion, nothing waits, one writable', async () => {
  using scratch = new Scratch();
  await using peer = await receiver(scratch);
  const client = unix.createSocket('unix_dgram');
  client.connect(scratch.path('receiver'));
  const { sent, error } = fill(client);
  expect(sent).toBeGreaterThan(0);
  expect(error).toEqual(Object.assign(new Error('congestion'), { code: 1 }));
  expect(Object.keys(error as object)).toEqual(['code']);

  const message = Buffer.from('not sent');
  expect(emitted(client, () => client.send(message))).toEqual([['congestion', message]]);
  client.send(Buffer.from('not sent either, though nobody listens'));
  let writable = 0;
  client.on('writable', () => {
    writable += 1;
  });
  const texts = await take(peer, sent);
  expect(texts).toEqual(Array.from({ length: sent }, (_, i) => `fill ${i}`));
  await vi.waitFor(() => expect(writable).toBe(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(writable).toBe(1);
  expect(peer.bytesReadable).toBe(0);
  client.close();
});

test('a full receiver of a path: EAGAIN, and nothing waits', async () => {
  using scratch = new Scratch();
  await using peer = await receiver(scratch);
  const path = scratch.path('receiver');
  const filler = unix.createSocket('unix_dgram');
  filler.connect(path);
  const { sent } = fill(filler);
  const client = unix.createSocket('unix_dgram');
  client.on('congestion', unexpected).on('writable', unexpected);
  const send = (callback?: () => void): void => client.send(Buffer.from('x'), 0, 1, path, callback);
  expect(calledBack(send)).toMatchObject([failure('send', EAGAIN)]);
  expect(emitted(client, send)).toMatchObject([['error', failure('send', EAGAIN)]]);
  await take(peer, sent);
  expect(calledBack(send)).toEqual([]);
  expect(await take(peer, 1)).toEqual(['x']);
  client.close();
  filler.close();
});
