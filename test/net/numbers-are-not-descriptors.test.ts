// A port, or any other number where an address belongs, is not taken for a descriptor: whoever owns the
// descriptor of that number keeps it. Wrong arguments beside a descriptor leave it to its owner as well.
import { setImmediate as turn } from 'node:timers/promises';
import { FileDescriptor, UnixDatagram, UnixListener, UnixSeqpacket, UnixStream } from 'afunix';
import * as dgram from 'afunix/dgram';
import * as net from 'afunix/net';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { collectGarbage } from '../fixtures/collect-garbage.mjs';
import { codeOf, Descriptors } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

const bad = <T>(value: unknown): T => value as T;

async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await turn();
  }
}

/** Makes `call` with the number of a socket that has an owner, and looks whether it is still that owner's alone. */
async function leavesItsOwner(
  code: string,
  call: (fd: number, path: string) => unknown,
): Promise<void> {
  using fds = new Descriptors();
  using scratch = new Scratch();
  const [owned, other] = fds.pair(raw.SOCK_STREAM);
  const { ino } = raw.fstat(owned);
  expect(codeOf(() => call(owned, scratch.path()))).toBe(code);
  raw.send(other, 'to its owner');
  await collect();
  expect(raw.fstat(owned).ino).toBe(ino);
  const buffer = Buffer.alloc(32);
  expect(buffer.toString('utf8', 0, raw.recv(owned, buffer))).toBe('to its owner');
  expect(codeOf(() => raw.recv(other, buffer, raw.MSG_DONTWAIT))).toBe('EAGAIN'); // neither bytes nor the end
}

const server = () => net.createServer();
const datagram = () => dgram.createSocket('unix_dgram');

const calls: [name: string, code: string, call: (fd: number, path: string) => unknown][] = [
  ['connect(port)', 'ERR_MISSING_ARGS', (fd) => net.connect(bad(fd))],
  ['connect(port, host)', 'ERR_MISSING_ARGS', (fd) => net.connect(bad(fd), bad('localhost'))],
  ['connect({ fd })', 'ERR_MISSING_ARGS', (fd) => net.connect(bad({ fd }))],
  ['connect({ port, host })', 'ERR_MISSING_ARGS', (fd) => net.connect(bad({ port: fd, host: '' }))],
  ['connect({ path: null, fd })', 'ERR_MISSING_ARGS', (fd) => net.connect(bad({ path: null, fd }))],
  ['connect: no path', 'ERR_INVALID_ARG_VALUE', (fd) => net.connect({ path: '', fd })],
  ['connect: path 5', 'ERR_INVALID_ARG_TYPE', (fd) => net.connect({ path: bad<string>(5), fd })],
  [
    'connect: timeout',
    'ERR_INVALID_ARG_TYPE',
    (fd, path) => net.connect({ path, fd, timeout: bad('x') }),
  ],
  ['connect: late', 'ERR_OUT_OF_RANGE', (fd, path) => net.connect({ path, fd, timeout: -1 })],
  [
    'connect: signal',
    'ERR_INVALID_ARG_TYPE',
    (fd, path) => net.connect({ path, fd, signal: bad({}) }),
  ],
  ['connect: maxFds', 'ERR_OUT_OF_RANGE', (fd, path) => net.connect({ path, fd, maxFds: 254 })],
  [
    'connect: highWaterMark',
    'ERR_INVALID_ARG_VALUE',
    (fd, path) => net.connect({ path, fd, highWaterMark: -1 }),
  ],
  [
    'connect: onread',
    'ERR_INVALID_ARG_VALUE',
    (fd, path) =>
      net.connect({ path, fd, onread: { buffer: Buffer.alloc(0), callback: () => true } }),
  ],
  ['createConnection(port)', 'ERR_MISSING_ARGS', (fd) => net.createConnection(bad(fd))],
  ['socket.connect(port)', 'ERR_MISSING_ARGS', (fd) => new net.Socket().connect(bad(fd))],
  ['socket.connect({ fd })', 'ERR_MISSING_ARGS', (fd) => new net.Socket().connect(bad({ fd }))],
  ['new Socket: signal', 'ERR_INVALID_ARG_TYPE', (fd) => new net.Socket({ fd, signal: bad({}) })],
  ['listen(port)', 'ERR_INVALID_ARG_TYPE', (fd) => server().listen(bad(fd))],
  ['listen({ port })', 'ERR_INVALID_ARG_VALUE', (fd) => server().listen(bad({ port: fd }))],
  ['dgram bind(port)', 'ERR_INVALID_ARG_TYPE', (fd) => datagram().bind(bad(fd))],
  ['dgram connect(port)', 'ERR_INVALID_ARG_TYPE', (fd) => datagram().connect(bad(fd))],
  ['dgram send(port)', 'ERR_INVALID_ARG_TYPE', (fd) => datagram().send('', bad(fd))],
  ['dgram send to', 'ERR_INVALID_ARG_TYPE', (fd) => datagram().send('', 0, 0, bad(fd))],
  ['createSocket(port)', 'ERR_SOCKET_BAD_TYPE', (fd) => dgram.createSocket(bad(fd))],
  [
    'datagram connect',
    'ERR_INVALID_ARG_TYPE',
    (fd) => {
      using socket = dispose(UnixDatagram.unbound());
      socket.it.connect(bad(fd));
    },
  ],
  ['datagram fromFd', 'ERR_INVALID_ARG_VALUE', (fd) => UnixDatagram.fromFd(fd)],
  ['seqpacket fromFd', 'ERR_INVALID_ARG_VALUE', (fd) => UnixSeqpacket.fromFd(fd)],
  ['listener fromFd', 'ERR_INVALID_ARG_VALUE', (fd) => UnixListener.fromFd(fd)],
  ['fromFd: an object', 'ERR_INVALID_ARG_TYPE', (fd) => UnixStream.fromFd(bad({ fd }))],
  ['fromFd: a string', 'ERR_INVALID_ARG_TYPE', (fd) => UnixStream.fromFd(bad(`${fd}`))],
  ['fromFd: options', 'ERR_INVALID_ARG_TYPE', (fd) => UnixStream.fromFd(fd, bad(5))],
  ['fromFd: maxFds', 'ERR_OUT_OF_RANGE', (fd) => UnixStream.fromFd(fd, { maxFds: -1 })],
  [
    'datagram fromFd: maxMessageSize',
    'ERR_OUT_OF_RANGE',
    (fd) => UnixDatagram.fromFd(fd, { maxMessageSize: -1 }),
  ],
  ['new FileDescriptor("5")', 'ERR_INVALID_ARG_TYPE', (fd) => new FileDescriptor(bad(`${fd}`))],
];

function dispose(it: UnixDatagram): { it: UnixDatagram; [Symbol.dispose](): void } {
  return { it, [Symbol.dispose]: () => void it.close() };
}

test.each(calls)('%s', async (_name, code, call) => {
  await leavesItsOwner(code, call);
});

test('an address that is a number is refused before a socket is made', async () => {
  using fds = new Descriptors();
  const port = fds.pair(raw.SOCK_STREAM)[0];
  const wrong = { code: 'ERR_INVALID_ARG_TYPE' };
  await expect(UnixStream.connect(bad(port))).rejects.toMatchObject(wrong);
  await expect(UnixStream.connect(bad({ fd: port }))).rejects.toMatchObject(wrong);
  await expect(UnixListener.bind(bad(port))).rejects.toMatchObject(wrong);
  await expect(UnixDatagram.bind(bad(port))).rejects.toMatchObject(wrong);
  expect(raw.getsockopt(port, raw.SOL_SOCKET, raw.SO_TYPE)).toBe(raw.SOCK_STREAM);
});

test('listen: a FileDescriptor and a listener keep what is theirs; their detach() gives it', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  expect(codeOf(() => server().listen(bad(listener)))).toBe('ERR_INVALID_ARG_VALUE');
  using descriptor = listener.detach();
  expect(codeOf(() => server().listen(bad(descriptor)))).toBe('ERR_INVALID_ARG_VALUE');
  expect(descriptor.listening).toBe(true);
  await using running = server().listen({ fd: descriptor });
  expect(running.listening).toBe(true);
  expect(descriptor.closed).toBe(true);
});

test('a number that comes to `fds` is duplicated, and its owner keeps it', async () => {
  using fds = new Descriptors();
  const [port, other] = fds.pair(raw.SOCK_STREAM);
  const [a, b] = UnixStream.pair({ maxFds: 1 });
  await a.write('.', { fds: [port] });
  const message = await b.receive();
  expect(message?.fds).toHaveLength(1);
  message?.fds[0]?.close();
  raw.send(other, 'x');
  expect(raw.recv(port, Buffer.alloc(4))).toBe(1);
  await expect(a.write('.', { fds: [999_999] })).rejects.toMatchObject({ code: 'EBADF' });
  await Promise.all([a.close(), b.close()]);
});

test('new Socket(number) takes that descriptor over, as in node:net', async () => {
  using fds = new Descriptors();
  const [mine, other] = raw.socketpair(raw.AF_UNIX, raw.SOCK_STREAM);
  fds.own(other);
  const socket = new net.Socket(mine);
  expect(socket.fd).toBe(mine);
  socket.destroy();
  expect(raw.recv(other, Buffer.alloc(4))).toBe(0);
});
