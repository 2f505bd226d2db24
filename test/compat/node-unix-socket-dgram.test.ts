// DgramSocket of compat/node-unix-socket: its interface, its order of events, and what went wrong there.
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { UnixAddress, UnixDatagram } from 'afunix';
import type { DgramSocket } from 'node-unix-socket';
import { expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

const require = createRequire(import.meta.url);
const lib: typeof import('node-unix-socket') = require('node-unix-socket');

/** A socket that is closed when the test ends. */
function open(path?: string): DgramSocket & Disposable {
  const socket = new lib.DgramSocket();
  if (path !== undefined) socket.bind(path);
  return Object.assign(socket, { [Symbol.dispose]: () => socket.close() });
}

/** Resolves with what `onWrite` gets. */
const send = (socket: DgramSocket, data: Buffer, to: string): Promise<unknown[]> =>
  new Promise((resolve) => {
    socket.sendTo(data, 0, data.length, to, (...values) => resolve(values));
  });

test('a message arrives, with the path of its sender', async () => {
  using scratch = new Scratch();
  using server = open(scratch.path('server'));
  using client = open();
  const received: unknown[] = [];
  server.on('data', (data, path) => received.push([String(data), path]));
  const zeros = Buffer.alloc(1024);
  let returned = false;
  client.sendTo(Buffer.from('hello'), 0, 5, scratch.path('server'), (...values) => {
    // As there: before sendTo() returns.
    expect([returned, values]).toEqual([false, []]);
  });
  returned = true;
  client.bind(scratch.path('client'));
  client.sendTo(Buffer.from('hello'), 1, 3, scratch.path('server'));
  client.sendTo(zeros, 0, zeros.length, scratch.path('server'));
  while (received.length < 3) await once(server, 'data');
  expect(received).toEqual([
    ['hello', scratch.path('client')], // its name when the message is received
    ['ell', scratch.path('client')],
    [zeros.toString(), scratch.path('client')],
  ]);
});

test('a full receiver is waited for, and the socket goes on receiving', async () => {
  using scratch = new Scratch();
  await using receiver = await UnixDatagram.bind(scratch.path('receiver'));
  using sender = open(scratch.path('sender'));
  const order: number[] = [];
  let last = Promise.resolve<unknown>(undefined);
  const buffer = Buffer.alloc(1);
  for (let n = 0; n < 1024; n++) {
    buffer[0] = n; // taken when sendTo() was called
    last = new Promise((resolve) => {
      sender.sendTo(buffer, 0, 1, scratch.path('receiver'), (error) => {
        order.push(n);
        resolve(error);
      });
    });
  }
  expect(order.length).toBeLessThan(1024);
  const received = once(sender, 'data');
  await receiver.send('news', { to: scratch.path('sender') });
  expect(await received).toEqual([Buffer.from('news'), scratch.path('receiver')]);
  const arrived: unknown[] = [];
  while (arrived.length < 1024) arrived.push((await receiver.receive()).data[0]);
  expect(await last).toBeUndefined();
  expect(order).toEqual(Array.from({ length: 1024 }, (_, n) => n));
  expect(arrived).toEqual(order.map((n) => n & 0xff));
});

test('errors of a message go to its callback', async () => {
  using scratch = new Scratch();
  using server = open(scratch.path());
  using client = open();
  const [missing] = await send(client, Buffer.from('x'), scratch.path('none'));
  expect(missing).toMatchObject({ message: 'No such file or directory', code: 'ENOENT' });
  const [tooLong] = await send(client, Buffer.alloc(1 << 20), scratch.path());
  expect(tooLong).toMatchObject({ message: 'Message too long', code: 'EMSGSIZE' });
  client.sendTo(Buffer.from('x'), 0, 1, scratch.path('none')); // nobody asks
  expect(() => client.sendTo(Buffer.from('x'), 1, 1, scratch.path())).toThrow(RangeError);
  expect(server.address()).toBe(scratch.path());
});

test('bind() throws', () => {
  using scratch = new Scratch();
  using first = open(scratch.path());
  using second = open();
  expect(() => second.bind(scratch.path())).toThrow('Address already in use');
  expect(() => second.bind(scratch.path('t'.repeat(65_535)))).toThrow('path to bind is too long');
  expect([first.address(), second.address()]).toEqual([scratch.path(), '']);
});

test('close() emits before it returns, and ends all but what was received', async () => {
  using scratch = new Scratch();
  const server = open(scratch.path());
  const events: string[] = [];
  server.on('close', () => events.push('close'));
  server.on('data', (data) => {
    events.push(String(data));
    server.close();
  });
  using client = open();
  const data = Buffer.from('12');
  client.sendTo(data, 0, 1, scratch.path());
  client.sendTo(data, 1, 1, scratch.path());
  await once(server, 'close');
  await new Promise(setImmediate);
  server.close();
  expect(events).toEqual(['1', 'close', '2']);
  expect(existsSync(scratch.path())).toBe(true);
  expect(() => server.address()).toThrow('Bad file number');
  expect(() => server.getRecvBufferSize()).toThrow('Bad file number');
  expect(() => server.bind(scratch.path('other'))).toThrow('DgramSocket has been closed');
  expect(() => server.sendTo(data, 0, 1, '/')).toThrow('DgramSocket has been closed');
});

test('buffer sizes', () => {
  using socket = open();
  const expected = process.platform === 'linux' ? 20_000 : 10_000;
  socket.setRecvBufferSize(10_000);
  socket.setSendBufferSize(10_000);
  expect([socket.getRecvBufferSize(), socket.getSendBufferSize()]).toEqual([expected, expected]);
});

test('a listener that throws loses no message', async () => {
  using scratch = new Scratch();
  const path = JSON.stringify(scratch.path());
  const program = `
    const { DgramSocket } = require(${JSON.stringify(require.resolve('node-unix-socket'))});
    const socket = new DgramSocket();
    socket.bind(${path});
    process.on('uncaughtException', (error) => console.log('caught', error.message));
    socket.on('data', (data) => {
      console.log(String(data));
      if (String(data) === '1') throw new Error('thrown');
      socket.close();
    });
    socket.sendTo(Buffer.from('1'), 0, 1, ${path});
    socket.sendTo(Buffer.from('2'), 0, 1, ${path});
  `;
  await using child = new Child(process.execPath, ['--no-warnings', '-e', program]);
  expect(await child.succeeds()).toBe('1\ncaught thrown\n2\n');
});

test.runIf(hasSeqpacket)('an abstract name is itself, and can be answered', async () => {
  const name = `afunix-nus-${process.pid}`;
  using socket = open(`\0${name}`);
  await using peer = await UnixDatagram.bind(`\0${name}-peer`);
  await peer.send('ping', { to: UnixAddress.abstract(name) });
  const [, path] = await once(socket, 'data');
  expect(path).toBe(`\0${name}-peer`);
  await send(socket, Buffer.from('pong'), path);
  expect(String((await peer.receive()).data)).toBe('pong');
});

test('createReuseportFd() says what to use instead', () => {
  expect(() => lib.createReuseportFd(0, 'nohost')).toThrow('invalid host');
  expect(() => lib.createReuseportFd(8080)).toThrow('reusePort: true');
});

test('closeFd() closes a descriptor', () => {
  const fd = openSync('/dev/null', 'r');
  lib.closeFd(fd);
  expect(() => lib.closeFd(fd)).toThrow('Bad file number');
});
