// compat/unix-dgram: its arguments, addresses and errors, as the source of unix-dgram 2.0.7 has them.
import { createSocket as createUdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { UnixDatagram } from 'afunix';
import unix from 'unix-dgram';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { receiver, take } from '../helpers/full-receiver.js';
import { fromRoot } from '../helpers/programs.js';
import { Scratch } from '../helpers/scratch.js';
import { calledBack, emitted, failure, unexpected } from '../helpers/unix-dgram.js';

const { EBADF, ECONNREFUSED, ECONNRESET, EINVAL, EMSGSIZE } = constants.errno;

test('a connected send has a callback for its second argument, and sends all of the buffer', async () => {
  using scratch = new Scratch();
  await using peer = await receiver(scratch);
  const client = unix.createSocket('unix_dgram');
  client.connect(scratch.path('receiver'));
  client.send(Buffer.from('whole'), 1, 2, scratch.path('none'), unexpected);
  client.send(new Uint8Array([97, 98]));
  client.send(Buffer.alloc(0));
  expect(await take(peer, 3)).toEqual(['whole', 'ab', '']);
  client.close();
});

test('offset, length and path are converted', async () => {
  using scratch = new Scratch();
  await using peer = await receiver(scratch);
  const client = unix.createSocket('unix_dgram');
  const send = client.send.bind(client) as (...values: unknown[]) => void;
  const path = { toString: () => scratch.path('receiver') };
  send(Buffer.from('abc'), '1', 1.9, path);
  send(Buffer.from('abc'), undefined, null, path);
  expect(await take(peer, 2)).toEqual(['b', '']);
  client.close();
});

test('a send of what is no Buffer, or beyond its end, throws', () => {
  using scratch = new Scratch();
  const client = unix.createSocket('unix_dgram');
  const send = client.send.bind(client) as (...values: unknown[]) => void;
  for (const data of ['text', undefined, null, {}, [1]]) {
    expect(() => send(data, 0, 1, scratch.path())).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }),
    );
  }
  for (const [offset, length] of [
    [0, 4],
    [3, 1],
    [-1, 1],
    [4, 0],
  ]) {
    expect(() => send(Buffer.from('abc'), offset, length, scratch.path())).toThrow(
      expect.objectContaining({ name: 'RangeError', code: 'ERR_OUT_OF_RANGE' }),
    );
  }
  client.close();
});

test('a closed socket: the descriptor is gone at once, every call is EBADF, the file stays', () => {
  using scratch = new Scratch();
  const server = unix.createSocket('unix_dgram', unexpected);
  server.bind(scratch.path());
  const client = unix.createSocket('unix_dgram');
  client.connect(scratch.path());
  client.send(Buffer.from('never read'));
  server.on('close' as 'listening', unexpected);
  server.close();
  server.close();
  expect(server.fd).toBe(-1);
  expect(existsSync(scratch.path())).toBe(true);
  const dead = calledBack((callback) => client.send(Buffer.from('x'), callback));
  expect(dead).toMatchObject([failure('send', ECONNREFUSED)]);
  client.close();
  const closed = calledBack((callback) => client.send(Buffer.from('x'), callback));
  expect(closed).toMatchObject([failure('send', EBADF)]);
  const bound = emitted(client, () => client.bind(scratch.path('x')));
  expect(bound).toMatchObject([['error', failure('bind', EBADF)]]);
  const connected = emitted(client, () => client.connect(scratch.path()));
  expect(connected).toMatchObject([['error', failure('connect', EBADF)]]);
});

test('a message over the send buffer is EMSGSIZE; one over 64 KiB arrives whole', async () => {
  using scratch = new Scratch();
  const server = unix.createSocket('unix_dgram');
  server.bind(scratch.path());
  const client = unix.createSocket('unix_dgram');
  client.connect(scratch.path());
  const [error] = calledBack((callback) => client.send(Buffer.alloc(10_000_000), callback));
  expect(error).toMatchObject(failure('send', EMSGSIZE));
  client.send(Buffer.alloc(100_000, 'a'));
  const [message, { size }] = await once(server, 'message');
  expect([message.length, size]).toEqual([100_000, 100_000]);
  client.close();
  server.close();
});

test('long paths and, on Linux, abstract names are themselves', async () => {
  using scratch = new Scratch();
  const long = scratch.path('l'.repeat(150));
  const addresses = process.platform === 'linux' ? [long, `\0${long.slice(0, 100)}`] : [];
  for (const address of addresses) {
    const server = unix.createSocket('unix_dgram');
    server.bind(address);
    const other = unix.createSocket('unix_dgram', unexpected);
    other.bind(`${address.slice(0, 99)}!`);
    const client = unix.createSocket('unix_dgram');
    client.send(Buffer.from('hello'), 0, 5, address);
    expect(String((await once(server, 'message'))[0])).toBe('hello');
    for (const socket of [server, other, client]) socket.close();
  }
  const socket = unix.createSocket('unix_dgram');
  const empty = emitted(socket, () => socket.bind(''));
  expect(empty).toMatchObject([['error', failure('bind', EINVAL)]]);
  socket.close();
});

test.runIf(process.platform === 'linux')(
  'a peer that connects elsewhere: the next send fails, no event ends the process',
  async () => {
    using scratch = new Scratch();
    await using peer = await UnixDatagram.bind(scratch.path('peer'));
    await using _elsewhere = await UnixDatagram.bind(scratch.path('elsewhere'));
    const client = unix.createSocket('unix_dgram');
    client.bind(scratch.path());
    client.connect(scratch.path('peer'));
    await peer.send('dropped', { to: scratch.path() });
    client.send(Buffer.from('dropped'));
    peer.connect(scratch.path('elsewhere'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [error] = calledBack((callback) => client.send(Buffer.from('x'), callback));
    expect([-ECONNRESET, -constants.errno.EPERM]).toContain((error as { code: number }).code);
    client.close();
  },
);

test('createSocket: UDP is of node:dgram, any other type an error', () => {
  const udp = unix.createSocket('udp4', unexpected);
  expect(udp).toBeInstanceOf(createUdpSocket('udp4').close().constructor);
  expect(udp.listeners('message')).toEqual([unexpected]);
  udp.close();
  const create = unix.createSocket as unknown as (type: unknown) => void;
  for (const type of ['unix_stream', undefined]) {
    expect(() => create(type)).toThrow(`Unsupported socket type: ${type}`);
  }
});

test('the methods of UDP are not implemented', () => {
  const socket = unix.createSocket('unix_dgram') as unknown as Record<string, () => void>;
  const names = ['address', 'setTTL', 'setBroadcast', 'setMulticastTTL', 'setMulticastLoopback'];
  for (const name of [...names, 'addMembership', 'dropMembership']) {
    expect(() => socket[name]?.()).toThrow('not implemented');
  }
  socket.close?.();
});

test('a bound socket keeps the process alive until it is closed', async () => {
  using scratch = new Scratch();
  const program = `
    const server = require('unix-dgram').createSocket('unix_dgram', (message) => {
      console.log(String(message));
      server.close();
    });
    server.bind(${JSON.stringify(scratch.path())});
    console.log('bound');`;
  await using child = new Child(process.execPath, ['-e', program], { cwd: fromRoot('.') });
  await child.says('bound');
  const client = unix.createSocket('unix_dgram');
  client.send(Buffer.from('end'), 0, 3, scratch.path());
  client.close();
  expect(await child.succeeds()).toBe('bound\nend\n');
});
