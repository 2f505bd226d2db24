// compat/abstract-socket: the tests of abstract-socket 2.1.1, as ours, and what its source says of errors and order.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Server, Socket } from 'node:net';
import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import abstract from 'abstract-socket';
import { UnixStream } from 'afunix';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';

const { EADDRINUSE, ECONNREFUSED, EINVAL } = constants.errno;

let count = 0;

/** A name that no other test uses. */
function freshName(): string {
  count += 1;
  return `\0afunix-test-abstract-socket-${process.pid}-${count}`;
}

/** Whether a socket listens on this name. */
const isInUse = (name: string): boolean =>
  readFileSync('/proc/net/unix', 'utf8')
    .split(/\s/)
    .includes(`@${name.slice(1)}`);

/** A server that listens on `name`, and is closed at the end of a test. */
async function listening(name: string, listener?: (socket: Socket) => void): Promise<Server> {
  const server = abstract.createServer(listener).listen(name);
  await once(server, 'listening');
  return server;
}

/** Everything that a socket receives, as text. */
async function textOf(socket: Socket): Promise<string> {
  let text = '';
  for await (const data of socket) text += data;
  return text;
}

describe.runIf(process.platform === 'linux')('abstract-socket', () => {
  test('a server listens on an abstract name until it is closed', async () => {
    const name = freshName();
    const server = await listening(name);
    expect(server).toBeInstanceOf(Server);
    expect(server.address()).toBe(null);
    expect(isInUse(name)).toBe(true);
    server.close();
    await once(server, 'close');
    expect(isInUse(name)).toBe(false);
  });

  test('the name is bound before listen returns; the listener comes in the next tick', async () => {
    const name = freshName();
    let called = 0;
    const server = abstract.createServer();
    server.listen(name, () => {
      called += 1;
    });
    expect(server.listening).toBe(true);
    expect(called).toBe(0);
    const peer = await UnixStream.connect(name);
    await setImmediate();
    expect(called).toBe(1);
    await peer.close();
    server.close();
  });

  test('a name in use: an error with its reason, and the server can listen elsewhere', async () => {
    const name = freshName();
    const first = await listening(name);
    const second = abstract.createServer();
    second.listen(name);
    const error = await new Promise((resolve) => second.once('error', resolve));
    expect(error).toMatchObject({ code: 'EADDRINUSE', errno: -EADDRINUSE, syscall: 'listen' });
    second.listen(freshName());
    await once(second, 'listening');
    expect(() => second.listen(freshName())).toThrow(
      expect.objectContaining({ code: 'ERR_SERVER_ALREADY_LISTEN' }),
    );
    first.close();
    second.close();
  });

  test('a failed listen and a failed connect leave no descriptor behind', async () => {
    const open = (): number => readFileSync('/proc/self/net/unix', 'utf8').split('\n').length;
    const name = freshName();
    const server = await listening(name);
    const before = open();
    for (let i = 0; i < 20; i++) {
      abstract
        .createServer()
        .on('error', () => {})
        .listen(name);
      abstract.connect(freshName()).on('error', () => {});
    }
    expect(open()).toBeLessThan(before + 20);
    await setImmediate();
    server.close();
  });

  test('connections are sockets of node:net, and data goes both ways', async () => {
    const name = freshName();
    const text = 't'.repeat(65_537);
    const server = await listening(name);
    const client = abstract.connect(name);
    const [connection] = await once(server, 'connection');
    for (const socket of [client, connection]) {
      expect(socket).toBeInstanceOf(Socket);
      socket.end(text);
    }
    expect(await Promise.all([client, connection].map(textOf))).toEqual([text, text]);
    server.close();
  });

  test('the listener of connect is called with the socket, later, and there is no connect event', async () => {
    const name = freshName();
    const server = await listening(name, (socket) => socket.end());
    const connected: unknown[][] = [];
    const client = abstract.createConnection(name, (...values) => connected.push(values));
    client.on('connect', () => connected.push(['an event']));
    expect(connected).toEqual([]);
    await setImmediate();
    expect(connected).toEqual([[client]]);
    client.resume().end();
    await once(client, 'close');
    expect(connected.length).toBe(1);
    server.close();
  });

  test.each([
    ['nobody listens there', '\0afunix-test-nobody', -ECONNREFUSED],
    ['the name is no abstract one', 'afunix-test', -EINVAL],
    ['the name is too long', `\0${'n'.repeat(108)}`, -EINVAL],
    ['there is no name', undefined, -EINVAL],
  ])('connect: %s', async (_, name, errno) => {
    const client = abstract.connect(name as string, () => expect.unreachable());
    const error = await new Promise<Error>((resolve) => client.on('error', resolve));
    expect(error).toMatchObject({ errno, syscall: 'connect' });
    expect(error.message).toContain(`connect ${(error as NodeJS.ErrnoException).code}`);
    expect(client.destroyed).toBe(false);
  });

  test('listen: the name is no abstract one', async () => {
    const server = abstract.createServer();
    server.listen('/tmp/afunix-test');
    const error = await new Promise<Error>((resolve) => server.on('error', resolve));
    expect(error).toMatchObject({ code: 'EINVAL', errno: -EINVAL, syscall: 'listen' });
    expect(error.message).toBe('listen EINVAL: an abstract name begins with a NUL');
  });

  test('a worker of node:cluster gets an error that says so', async () => {
    await using child = Child.fixture('abstract-cluster.cjs', [freshName().slice(1)]);
    expect(await child.succeeds()).toBe(
      'listen EINVAL: a worker of node:cluster cannot listen on an abstract name\n',
    );
  });
});
