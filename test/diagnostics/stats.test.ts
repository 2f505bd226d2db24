// stats() counts what went, what came and what waits.
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { type SocketStats, UnixDatagram, UnixListener, UnixStream } from 'afunix';
import dgram from 'afunix/dgram';
import net from 'afunix/net';
import { describe, expect, test } from 'vitest';
import { describeTypes } from '../helpers/pairs.js';
import { Scratch } from '../helpers/scratch.js';

const nothing = { messages: 0, bytes: 0, fds: 0, again: 0 };

describeTypes((type) => {
  test('a new socket', async () => {
    await using pair = type.pair();
    expect(pair.first.socket.stats()).toEqual({
      sent: nothing,
      received: nothing,
      queue: { messages: 0, bytes: 0 },
      ...(type.name === 'datagram' ? { fullReceivers: 0 } : {}),
    });
  });

  test('messages, bytes and descriptors, each way', async () => {
    await using pair = type.pair({ maxFds: 2 });
    const { first, second } = pair;
    await using file = await open('/dev/null');

    await first.send('hello', { fds: [file, file] });
    for (const fd of (await second.receive()).fds) fd.close();
    await first.send('hi');
    await second.receive();
    await second.send('back');
    await first.receive();

    const [one, other] = [first.socket.stats(), second.socket.stats()];
    expect(one.sent).toEqual({ messages: 2, bytes: 7, fds: 2, again: 0 });
    expect(other.received).toEqual({ messages: 2, bytes: 7, fds: 2, again: 0 });
    expect(other.sent).toEqual({ messages: 1, bytes: 4, fds: 0, again: 0 });
    expect(one.received).toEqual({ messages: 1, bytes: 4, fds: 0, again: 0 });
  });

  test('a receive in vain', async () => {
    await using pair = type.pair();
    const receiving = pair.second.receive();
    expect(pair.second.socket.stats().received).toEqual({ ...nothing, again: 1 });
    await pair.first.send('hello');
    await receiving;
    expect(pair.second.socket.stats().received).toMatchObject({ messages: 1, bytes: 5 });
  });

  test('what waits, and what had no room', async () => {
    await using pair = type.pair();
    const { first, second } = pair;
    const data = Buffer.alloc(50_000);
    const sending = Array.from({ length: 20 }, () => first.send(data));

    const { sent, queue } = first.socket.stats();
    expect(queue.messages).toBeGreaterThan(0);
    expect(sent.bytes + queue.bytes).toBe(20 * data.length);
    // A stream takes a part of what it has too little room for.
    if (type.name !== 'stream') {
      expect(sent.again).toBeGreaterThan(0);
      expect(sent.messages + queue.messages).toBe(20);
    }

    let received = 0;
    while (received < 20 * data.length) received += (await second.receive()).data.length;
    await Promise.all(sending);
    expect(first.socket.stats().queue).toEqual({ messages: 0, bytes: 0 });
    expect(first.socket.stats().sent.bytes).toBe(20 * data.length);
    expect(second.socket.stats().received.bytes).toBe(20 * data.length);
  });

  test('stays when the socket is closed', async () => {
    await using pair = type.pair();
    await pair.first.send('hello');
    await pair.first.socket.close();
    expect(pair.first.socket.stats().sent).toMatchObject({ messages: 1, bytes: 5 });
  });
});

describe('datagrams', () => {
  test('many in one call', async () => {
    const [first, second] = UnixDatagram.pair();
    await first.sendMany(['one', 'two', 'three']);
    for (let count = 0; count < 3; count++) await second.receive();

    expect(first.stats().sent).toMatchObject({ messages: 3, bytes: 11 });
    expect(second.stats().received).toMatchObject({ messages: 3, bytes: 11 });
    await first.close();
    await second.close();
  });

  test("into the caller's memory", async () => {
    const [first, second] = UnixDatagram.pair({ maxFds: 1 });
    await using file = await open('/dev/null');
    const buffer = new Uint8Array(8);
    await first.send('hello', { fds: [file] });
    second.tryReceive({ buffer, peek: true })?.fds[0]?.close();
    expect(second.stats().received).toEqual(nothing);
    second.tryReceive({ buffer })?.fds[0]?.close();
    expect(second.stats().received).toEqual({ messages: 1, bytes: 5, fds: 1, again: 0 });
    expect(second.tryReceive({ buffer })).toBe(undefined);
    expect(second.stats().received).toEqual({ messages: 1, bytes: 5, fds: 1, again: 1 });
    const waiting = second.receive({ buffer });
    await first.send('hi');
    await waiting;
    expect(second.stats().received).toMatchObject({ messages: 2, bytes: 7, fds: 1 });
    await first.close();
    await second.close();
  });

  test('peeking does not count', async () => {
    const [first, second] = UnixDatagram.pair({ maxFds: 1 });
    await using file = await open('/dev/null');
    await first.send('hello', { fds: [file] });
    (await second.receive({ peek: true })).fds[0]?.close();
    expect(second.stats().received).toEqual(nothing);
    (await second.receive()).fds[0]?.close();
    expect(second.stats().received).toMatchObject({ messages: 1, bytes: 5, fds: 1 });
    await first.close();
    await second.close();
  });

  test('descriptors that were not wanted are no part of a later message', async () => {
    const [first, second] = UnixDatagram.pair({ maxFds: 1, credentials: true });
    await using file = await open('/dev/null');
    await first.send('two', { fds: [file, file] });
    (await second.receive()).fds[0]?.close();
    expect(second.stats().received.fds).toBe(2);
    await first.send('none');
    await second.receive();
    expect(second.stats().received.fds).toBe(2);
    await first.close();
    await second.close();
  });
});

test('a stream: read(buffer), and its end', async () => {
  const [first, second] = UnixStream.pair();
  await first.write('hello');
  await second.read(Buffer.alloc(3));
  await second.read();
  await first.close();
  expect(await second.read(Buffer.alloc(3))).toBe(null);
  expect(second.stats().received).toMatchObject({ messages: 2, bytes: 5 });
  await second.close();
});

test('a listener counts connections', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  const accepting = listener.accept();
  const client = await UnixStream.connect(scratch.path());
  await (await accepting).close();
  await client.close();
  expect(listener.stats().received).toEqual({ messages: 1, bytes: 0, fds: 0, again: 1 });
});

test('afunix/net', async () => {
  using scratch = new Scratch();
  const server = net.createServer((socket) => socket.resume()).listen(scratch.path());
  await once(server, 'listening');
  const client = net.connect(scratch.path());
  await once(client, 'connect');
  expect(client.stats()?.sent).toEqual(nothing);
  client.end('hello');
  client.resume();
  await once(client, 'close');
  expect(client.stats()).toMatchObject({
    sent: { messages: 1, bytes: 5 },
    queue: { messages: 0, bytes: 0 },
  });
  expect(new net.Socket().stats()).toBe(undefined);
  server.close();
});

test('afunix/net: what waits', async () => {
  using scratch = new Scratch();
  const server = net.createServer({ pauseOnConnect: true }).listen(scratch.path());
  await once(server, 'listening');
  const client = net.connect(scratch.path());
  // Held: one that nobody holds, and that does not read, is closed when it is collected.
  const [[peer]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  client.write(Buffer.alloc(1 << 20));
  client.write('more');
  const { sent, queue } = client.stats() as SocketStats;
  expect(queue.messages).toBe(2);
  expect(queue.bytes).toBeGreaterThan(4);
  expect(sent.bytes + queue.bytes).toBe((1 << 20) + 4);
  client.destroy();
  await once(client, 'close');
  peer.destroy();
  server.close();
});

test('afunix/dgram', async () => {
  using scratch = new Scratch();
  const server = dgram.createSocket('unix_dgram').bind(scratch.path());
  const client = dgram.createSocket('unix_dgram');
  client.send('hello', scratch.path());
  await once(server, 'message');
  expect(client.stats().sent).toMatchObject({ messages: 1, bytes: 5 });
  expect(server.stats().received).toMatchObject({ messages: 1, bytes: 5 });
  client.close();
  server.close();
});
