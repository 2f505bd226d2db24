// Events of afunix/net and afunix/dgram name what their user holds.
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { AcceptEvent, ConnectEvent, FdsEvent, FileDescriptor, MessageEvent } from 'afunix';
import dgram from 'afunix/dgram';
import net, { type Socket } from 'afunix/net';
import { expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';
import { Told } from '../helpers/told.js';

const messages = (): Told<MessageEvent> =>
  new Told('message', ({ data, ...event }) => ({ ...event, data: Buffer.from(data) }));

test('afunix/net: the Socket and the Server', async () => {
  using scratch = new Scratch();
  using connects = new Told<ConnectEvent>('connect');
  using accepts = new Told<AcceptEvent>('accept');
  using passed = new Told<FdsEvent>('fds');
  using told = messages();
  let accepted: Socket | undefined;
  const server = net.createServer({ maxFds: 1 }, (socket) => {
    accepted = socket;
    socket.on('fds', (fds: FileDescriptor[]) => fds[0]?.close()).resume();
  });
  server.listen(scratch.path());
  await once(server, 'listening');
  const client = net.connect(scratch.path());
  await using file = await open('/dev/null');
  client.writeWithFds('he', [file]);
  client.end('llo');
  client.resume();
  await once(client, 'close');

  expect(connects.events.map(({ socket }) => socket === client)).toEqual([true]);
  expect(
    accepts.events.map(({ listener, socket }) => [listener === server, socket === accepted]),
  ).toEqual([[true, true]]);
  expect(passed.events.map(({ socket }) => socket === client)).toEqual([true, false]);
  for (const [direction, socket] of [
    ['sent', client],
    ['received', accepted],
  ] as const) {
    const parts = told.events.filter((event) => event.direction === direction);
    expect(Buffer.concat(parts.map(({ data }) => data)).toString()).toBe('hello');
    expect(parts.every((event) => event.socket === socket)).toBe(true);
  }
  server.close();
});

test('afunix/net: onread', async () => {
  using scratch = new Scratch();
  using told = messages();
  const server = net.createServer((socket) => socket.end('hello')).listen(scratch.path());
  await once(server, 'listening');
  const onread = { buffer: Buffer.alloc(100), callback: () => true };
  const client = net.connect({ path: scratch.path(), onread });
  await once(client, 'close');

  const received = told.events.filter(({ socket }) => socket === client);
  expect(received.map(({ direction, data }) => `${direction} ${data}`)).toEqual(['received hello']);
  server.close();
});

test('afunix/dgram: the Socket, not what is below it', async () => {
  using scratch = new Scratch();
  using connects = new Told<ConnectEvent>('connect');
  using told = messages();
  const server = dgram.createSocket('unix_dgram').bind(scratch.path());
  const client = dgram.createSocket('unix_dgram').connect(scratch.path());
  client.send('hello');
  await once(server, 'message');

  expect(connects.events[0]?.socket).toBe(client);
  expect(told.events.map(({ socket }) => socket)).toEqual([client, server]);
  expect(told.events[0]?.socket).toBe(client);
  client.close();
  server.close();
});
