// What TypeScript makes of the classes where it wants those of Node.

import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import net, { type Socket } from 'afunix/net';
import { expectTypeOf, test } from 'vitest';

test('a socket is what readline, http and streams take', () => {
  expectTypeOf<Socket>().toExtend<NodeJS.ReadWriteStream>();
  expectTypeOf<Socket>().toExtend<Duplex>();
  expectTypeOf(createInterface).toBeCallableWith({ input: new net.Socket() });
  expectTypeOf(request).toBeCallableWith({ createConnection: () => net.connect('x') });
  expectTypeOf<ReturnType<Socket['read']>>().toBeAny();
  expectTypeOf<Socket['remoteAddress']>().toEqualTypeOf<undefined>();
});

test('listeners are typed', () => {
  const socket = new net.Socket();
  socket.on('close', (hadError) => expectTypeOf(hadError).toBeBoolean());
  socket.once('data', (data) => expectTypeOf(data).toExtend<Uint8Array>());
  socket.on('fds', (fds, truncated) => {
    expectTypeOf(fds[0]?.fd).toEqualTypeOf<number | undefined>();
    expectTypeOf(truncated).toBeBoolean();
  });
  socket.on('an event of a subclass', (...values) => values.length);
  expectTypeOf(new Promise((resolve) => socket.once('connect', resolve))).toEqualTypeOf<
    Promise<unknown>
  >();
  const server = net.createServer();
  server.once('connection', (connection) => expectTypeOf(connection).toEqualTypeOf<Socket>());
  server.on('error', (error) => expectTypeOf(error).toEqualTypeOf<Error>());
});

test('what both modules have is the same', () => {
  expectTypeOf(net.isIP).toEqualTypeOf<typeof import('node:net').isIP>();
  expectTypeOf(net.BlockList).toEqualTypeOf<typeof import('node:net').BlockList>();
});
