// An option that is not understood is refused, never ignored, before anything is opened or sent; what
// others put on Object.prototype is no option.
import { statSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import {
  FileDescriptor,
  fromFd,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import * as dgram from 'afunix/dgram';
import net from 'afunix/net';
import * as raw from 'afunix/raw';
import * as systemd from 'afunix/systemd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { openDescriptors } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

const scratch = new Scratch();
const [stream, streamPeer] = UnixStream.pair();
const [packet, packetPeer] = UnixSeqpacket.pair();
const [datagram, datagramPeer] = UnixDatagram.pair();
const sockets = [stream, streamPeer, packet, packetPeer, datagram, datagramPeer];
const pidfd = stream.peerPidFd();
const file = FileDescriptor.sealed('x');
let listener: UnixListener;
let listening: FileDescriptor;
beforeAll(async () => {
  listener = await UnixListener.bind(scratch.path('listener'));
  listening = (await UnixListener.bind(scratch.path('listening'))).detach();
});
afterAll(async () => {
  await Promise.all([...sockets, listener].map((socket) => socket.close()));
  for (const fd of [pidfd, file, listening]) fd?.close();
  scratch[Symbol.dispose]();
});

const nowhere = scratch.path('nowhere');
type Call = (options: never) => unknown;

/** Every function that takes options, with them. */
const strict: [name: string, call: Call][] = [
  ['UnixStream.connect', (o) => UnixStream.connect(nowhere, o)],
  ['UnixStream.pair', (o) => UnixStream.pair(o)],
  ['UnixStream.fromFd', (o) => UnixStream.fromFd(file, o)],
  ['UnixStream.read', (o) => stream.read(null, o)],
  ['receive', (o) => stream.receive(o)],
  ['UnixStream.write', (o) => stream.write('x', o)],
  ['UnixStream.toDuplex', (o) => stream.toDuplex(o)],
  ['UnixListener.bind', (o) => UnixListener.bind(nowhere, o)],
  ['UnixListener.fromFd', (o) => UnixListener.fromFd(listening, o)],
  ['accept', (o) => listener.accept(o)],
  ['UnixSeqpacket.connect', (o) => UnixSeqpacket.connect(nowhere, o)],
  ['UnixSeqpacket.pair', (o) => UnixSeqpacket.pair(o)],
  ['UnixSeqpacket.fromFd', (o) => UnixSeqpacket.fromFd(file, o)],
  ['UnixSeqpacket.send', (o) => packet.send('x', o)],
  ['UnixSeqpacket.trySend', (o) => packet.trySend('x', o)],
  ['UnixSeqpacket.onMessages', (o) => packet.onMessages(() => {}, o)],
  ['receive', (o) => packet.receive(o)],
  ['UnixSeqpacketListener.bind', (o) => UnixSeqpacketListener.bind(nowhere, o)],
  ['UnixSeqpacketListener.fromFd', (o) => UnixSeqpacketListener.fromFd(listening, o)],
  ['UnixDatagram.bind', (o) => UnixDatagram.bind(nowhere, o)],
  ['UnixDatagram.unbound', (o) => UnixDatagram.unbound(o)],
  ['UnixDatagram.pair', (o) => UnixDatagram.pair(o)],
  ['UnixDatagram.fromFd', (o) => UnixDatagram.fromFd(file, o)],
  ['UnixDatagram.send', (o) => datagram.send('x', o)],
  ['UnixDatagram.trySend', (o) => datagram.trySend('x', o)],
  ['UnixDatagram.onMessages', (o) => datagram.onMessages(() => {}, o)],
  ['receive', (o) => datagram.receive(o)],
  ['PidFd.waitExit', (o) => pidfd?.waitExit(o)],
  ['toNetSocket', (o) => file.toNetSocket(o)],
  ['fromFd', (o) => fromFd(listening, o)],
  ['toReadStream', (o) => file.toReadStream(o)],
  ['toWriteStream', (o) => file.toWriteStream(o)],
  ['createSocket', (o) => dgram.createSocket({ type: 'unix_dgram', ...(o as object) })],
  ['bind', (o) => dgram.createSocket('unix_dgram').bind(o)],
  ['listenFds', (o) => systemd.listenFds(o)],
  ['notify', (o) => systemd.notify(o)],
  ['barrier', (o) => systemd.barrier(o)],
  ['storeFds', (o) => systemd.storeFds([0], o)],
  ['socket', (o) => raw.socket(raw.AF_UNIX, raw.SOCK_STREAM, 0, o)],
  ['socketpair', (o) => raw.socketpair(raw.AF_UNIX, raw.SOCK_STREAM, 0, o)],
  ['accept', (o) => raw.accept(listener.fd, o)],
  ['recvmsg', (o) => raw.recvmsg(stream.fd, o)],
  ['recvmmsg', (o) => raw.recvmmsg(stream.fd, [Buffer.alloc(1)], 0, o)],
  ['a message to send', (o) => raw.sendmsg(stream.fd, o)],
  ['a message to send', (o) => raw.sendmmsg(stream.fd, [o])],
  ['a message of sendMany', (o) => datagram.sendMany([o])],
  ['sendQueueLimit', (o) => UnixDatagram.unbound({ sendQueueLimit: o })],
  ['sendQueueLimit', (o) => UnixSeqpacket.pair({ sendQueueLimit: o })],
  ['credentials', (o) => stream.write('x', { credentials: o })],
  ['credentials', (o) => packet.send('x', { credentials: o })],
  ['credentials', (o) => datagram.sendMany([{ data: 'x', credentials: o }])],
  ['credentials', (o) => raw.sendmsg(stream.fd, { data: 'x', credentials: o })],
];

/** What a call throws or rejects with, once it has been seen that it opened and sent nothing. */
async function failure(call: () => unknown): Promise<unknown> {
  const before = openDescriptors();
  let error: unknown;
  try {
    await call();
  } catch (thrown) {
    error = thrown;
  }
  // A dgram.Socket that is not bound is open: made by the call itself.
  for (const [fd, what] of before) expect(openDescriptors().get(fd)).toBe(what);
  expect(sockets.map((socket) => socket.bytesReadable)).toEqual(sockets.map(() => 0));
  return error;
}

test.each(strict)('%s refuses an option that it has not', async (of, call) => {
  expect(await failure(() => call({ user: 7 } as never))).toMatchObject({
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_VALUE',
    message: expect.stringMatching(
      new RegExp(`^The property '[^']*\\.user' is not an option of ${of}\\. It takes \\w+`),
    ),
  });
});

/** recvmsg takes an array of buffers, too; bind() of a dgram.Socket takes null for none, as Node.js does. */
const objects = strict.filter(([of]) => !['createSocket', 'recvmsg', 'bind'].includes(of));
describe.each(objects)('%s', (_of, call) => {
  test.each<[string, unknown]>([
    ['null', null],
    ['an Array', [7, 8]],
    ['an empty Array', []],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['a Date', new Date()],
    ['an AbortSignal', new AbortController().signal],
    ['a Promise', Promise.resolve({})],
    ['a number', 7],
  ])('refuses %s', async (_, options) => {
    expect(await failure(() => call(options as never))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });
});

test.each<[string, () => unknown, string?]>([
  ['onMessages({ onEnd })', () => datagram.onMessages(() => {}, { onEnd() {} } as never)],
  ['notify({ errno })', () => systemd.notify({ errno: 2 } as never)],
  ['bind({ user, gid })', () => UnixDatagram.bind(nowhere, { user: 'x', gid: 1 } as never)],
  ['bind({ backlog })', () => UnixDatagram.bind(nowhere, { backlog: 1 } as never)],
  ['bind({ authorize })', () => UnixDatagram.bind(nowhere, { authorize: () => true } as never)],
  ['bind({ mode }), abstract', () => UnixListener.bind('\0x', { mode: 0o600 })],
  ['bind({ mode }), unnamed', () => UnixDatagram.bind(undefined, { mode: 0o600 })],
  ['bind({ owner }), abstract', () => UnixListener.bind('\0x', { owner: 0 })],
  ['bind({ group }), unnamed', () => UnixDatagram.bind(undefined, { group: 0 })],
  ['bind({ replace: [] })', () => UnixListener.bind(nowhere, { replace: ['stale'] as never })],
  ['sendmsg({ fds })', () => raw.sendmsg(stream.fd, { data: 'x', fds: [0] } as never)],
  ['fromFd({ authorize })', () => UnixStream.fromFd(file, { authorize: () => true } as never)],
  ['createServer({ pidfds })', () => net.createServer({ pidfds: true } as never)],
  ['createServer({ mode })', () => net.createServer({ mode: 0o600 } as never)],
  ['createServer({ backlog })', () => net.createServer({ backlog: 1 } as never)],
  ['new Socket({ pidfds })', () => new net.Socket({ pidfds: true } as never)],
  ['new Socket({ mode })', () => new net.Socket({ mode: 0o600 } as never)],
  ['connect({ authorize })', () => net.connect({ path: nowhere, authorize() {} } as never)],
  ['connect({ pidfds })', () => net.connect({ path: nowhere, pidfds: true } as never)],
  ['connect({ replace })', () => net.connect({ path: nowhere, replace: 'stale' } as never)],
  [
    'socket.connect({ maxFds })',
    () => new net.Socket().connect({ path: nowhere, maxFds: 1 } as never),
  ],
  ['listen({ pidfds })', () => net.createServer().listen({ path: nowhere, pidfds: 1 } as never)],
  ['listen({ maxFds })', () => net.createServer().listen({ path: nowhere, maxFds: 1 } as never)],
  ['listen({ fd, mode })', () => net.createServer().listen({ fd: listening, mode: 0o600 })],
  ['listen({ mode }), abstract', () => net.createServer().listen({ path: '\0x', mode: 0o600 })],
  ['listen({ fd, owner })', () => net.createServer().listen({ fd: listening, owner: 0 })],
  ['listen({ group }), abstract', () => net.createServer().listen({ path: '\0x', group: 0 })],
  ['dgram bind({ fd })', () => dgram.createSocket('unix_dgram').bind({ fd: 0 } as never)],
  ['dgram bind({ port })', () => dgram.createSocket('unix_dgram').bind({ port: 1 } as never)],
  [
    'dgram bind({ address })',
    () => dgram.createSocket('unix_dgram').bind({ address: '' } as never),
  ],
  ['dgram bind({ maxFds })', () => dgram.createSocket('unix_dgram').bind({ maxFds: 1 } as never)],
])('%s is refused', async (_, call) => {
  expect(await failure(call)).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
});

test.each<[string, () => unknown]>([
  ['write({ fds: null })', () => stream.write('x', { fds: null as never })],
  ['send({ fds: null })', () => datagram.send('x', { fds: null as never })],
  ['send({ to: null })', () => datagram.send('x', { to: null as never })],
  ['send({ credentials: null })', () => packet.send('x', { credentials: null as never })],
  ['bind(null)', () => UnixDatagram.bind(null as never)],
  ['bind({ replace: null })', () => UnixListener.bind(nowhere, { replace: null as never })],
  ['bind({ mode: null })', () => UnixListener.bind(nowhere, { mode: null as never })],
  ['sendmsg([a, b])', () => raw.sendmsg(stream.fd, [Buffer.from('a'), Buffer.from('b')] as never)],
  ['sendmsg(new Map())', () => raw.sendmsg(stream.fd, new Map() as never)],
  ['sendmsg({ buffers: null })', () => raw.sendmsg(stream.fd, { buffers: null as never })],
  ['sendmsg({ data: null })', () => raw.sendmsg(stream.fd, { data: null as never })],
  ['sendmsg({ rights: null })', () => raw.sendmsg(stream.fd, { data: 'x', rights: null as never })],
  ['sendmsg({ address: null })', () => raw.sendmsg(datagram.fd, { address: null as never })],
])('%s is refused', async (_, call) => {
  expect(await failure(call)).toMatchObject({
    code: expect.stringMatching(/^ERR_INVALID_ARG_(TYPE|VALUE)$/),
  });
});

describe('what options may be', () => {
  class Settings {
    readonly maxFds = 3;
    get peek(): boolean {
      return true;
    }
    help(): void {}
  }
  test.each<[string, object]>([
    ['an object without a prototype', Object.assign(Object.create(null), { peek: true })],
    ['one that inherits', Object.create({ peek: true })],
    ['one of another realm', runInContext('({ peek: true })', createContext())],
    [
      'one with an accessor',
      {
        get peek() {
          return true;
        },
      },
    ],
    [
      'one of a class with an accessor',
      Object.defineProperty(new Settings(), 'maxFds', { enumerable: false }),
    ],
  ])('%s', async (_, options) => {
    await packet.send('seen twice');
    const peeked = await packetPeer.receive(options as never);
    const received = await packetPeer.receive();
    expect([`${peeked?.data}`, `${received?.data}`]).toEqual(['seen twice', 'seen twice']);
  });

  test('an object of a class with an option too many is refused', async () => {
    const error = await failure(() => packetPeer.receive(new Settings() as never));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('mode', () => {
  test.each([
    [600, ' (modes are octal: 0o600?)'],
    [660, ' (modes are octal: 0o660?)'],
    [777, ' (modes are octal: 0o777?)'],
    [680, ''],
    [0o1777, ''],
    [0o4755, ''],
    [-1, ''],
    [Number.NaN, ''],
  ])('%s is refused', async (mode, hint) => {
    const expected = {
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
      message: `The value of "options.mode" is out of range. It must be an integer >= 0 and <= 0o777${hint}. Received ${mode}`,
    };
    const calls = [
      () => UnixListener.bind(nowhere, { mode }),
      () => UnixSeqpacketListener.bind(nowhere, { mode }),
      () => UnixDatagram.bind(nowhere, { mode }),
      () => net.createServer().listen({ path: nowhere, mode }),
      () => dgram.createSocket('unix_dgram').bind({ path: nowhere, mode }),
    ];
    for (const call of calls) expect(await failure(call)).toMatchObject(expected);
    expect(statSync(nowhere, { throwIfNoEntry: false })).toBe(undefined);
  });
});

describe('what Node.js has and a Unix socket has not', () => {
  test('is taken by afunix/net', async () => {
    const server = net.createServer({ noDelay: true, keepAlive: true } as never);
    await new Promise<void>((resolve) => {
      server.listen({ path: scratch.path('net'), host: 'x', ipv6Only: true } as never, resolve);
    });
    const options = { path: scratch.path('net'), agent: null, headers: {}, method: 'GET' };
    const client = net.connect(options as never).end();
    await new Promise((resolve) => client.on('close', resolve));
    await new Promise((resolve) => server.close(resolve));
    expect(client.errored).toBe(null);
  });

  test('is taken by createSocket of afunix/dgram, and exclusive by its bind', async () => {
    const udp = { reuseAddr: true, reusePort: true, ipv6Only: true, lookup() {} };
    const lists = { receiveBlockList: null, sendBlockList: null };
    const socket = dgram.createSocket({ type: 'unix_dgram', ...udp, ...lists } as never);
    socket.bind({ path: scratch.path('dgram'), exclusive: true });
    expect(socket.address().address).toBe(scratch.path('dgram'));
    socket.close();
  });
});

describe('Object.prototype with a property by the name of every option', () => {
  const run = async (...args: string[]): Promise<unknown> => {
    await using child = Child.fixture('polluted.mjs', args);
    const { stdout, stderr } = await child.ended;
    return stdout === '' ? stderr : JSON.parse(stdout);
  };
  test.each([
    ['before', 'values'],
    ['before', 'accessors'],
    ['after', 'values'],
    ['after', 'accessors'],
  ])('%s the import, %s', async (when, how) => {
    const [polluted, clean] = await Promise.all([run(when, how), run('never')]);
    expect(polluted).toEqual(clean);
    expect(clean).toHaveLength(20);
  });
});
