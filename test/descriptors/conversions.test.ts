// A received descriptor becomes what it is good for; the wrong conversion leaves it where it was.
import dgram from 'node:dgram';
import { once } from 'node:events';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  type FdLike,
  FileDescriptor,
  fromFd,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

/** It, as another process would receive it. */
async function received(value: FdLike): Promise<FileDescriptor> {
  const [first, second] = UnixStream.pair({ maxFds: 1 });
  await first.write('x', { fds: [value] });
  const message = await second.receive();
  await first.close();
  await second.close();
  return message?.fds[0] as FileDescriptor;
}

const conversions = [
  'toNetSocket',
  'toNetServer',
  'toDgramSocket',
  'toReadStream',
  'toWriteStream',
] as const;
const classes = {
  UnixStream,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixDatagram,
};

/** All that a descriptor can become. */
const calls: Record<string, (fd: FileDescriptor) => unknown> = {
  ...Object.fromEntries(
    conversions.map((name) => [name, (fd: FileDescriptor): unknown => fd[name]()]),
  ),
  fromFd: (fd) => fromFd(fd),
  ...Object.fromEntries(
    Object.entries(classes).map(([name, Class]) => [
      name,
      (fd: FileDescriptor): unknown => Class.fromFd(fd),
    ]),
  ),
};

/** All but these throw, and the descriptor stays open and owned. */
function refusesAllBut(fd: FileDescriptor, ...fitting: string[]): void {
  const number = fd.fd;
  expect(Object.keys(calls)).toEqual(expect.arrayContaining(fitting));
  for (const [name, call] of Object.entries(calls)) {
    if (fitting.includes(name)) continue;
    expect(() => call(fd), name).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^(ERR_INVALID_ARG_VALUE|ENOTSOCK)$/),
      }),
    );
    expect([fd.fd, fd.closed]).toEqual([number, false]);
  }
}

test('a TCP connection: a net.Socket', async () => {
  const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as AddressInfo).port);
  await once(client, 'connect');
  const fd = await received(client);
  client.destroy();
  expect([fd.kind, fd.domain, fd.type, fd.listening]).toEqual(['socket', 'inet', 'stream', false]);
  refusesAllBut(fd, 'toNetSocket');
  const socket = fd.toNetSocket();
  expect(fd.closed).toBe(true);
  socket.end('hello');
  expect(await text(socket)).toBe('hello');
  server.close();
  await once(server, 'close');
});

test.runIf(process.versions.bun !== undefined)(
  'Bun: a socket that reads or writes only, or later, is refused, and the descriptor stays',
  () => {
    const [one, other] = UnixStream.pair();
    using fd = one.detach();
    for (const options of [{ readable: false }, { writable: false }, { pauseOnCreate: true }]) {
      expect(() => fd.toNetSocket(options)).toThrow(
        expect.objectContaining({ code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' }),
      );
      expect(fd.closed).toBe(false);
    }
    other.close();
  },
);

test('a listening TCP socket: a net.Server', async () => {
  const first = net.createServer().listen(0, '127.0.0.1');
  await once(first, 'listening');
  const fd = await received(first);
  const address = first.address();
  first.close();
  await once(first, 'close');
  expect([fd.domain, fd.type, fd.listening]).toEqual(['inet', 'stream', true]);
  refusesAllBut(fd, 'toNetServer');
  const server = fd.toNetServer();
  await once(server, 'listening');
  expect(server.address()).toEqual(address);
  server.on('connection', (socket) => socket.end('hello'));
  expect(await text(net.connect((address as AddressInfo).port))).toBe('hello');
  server.close();
  await once(server, 'close');
});

test('a UDP socket: a dgram.Socket', async () => {
  const first = dgram.createSocket('udp4').bind(0, '127.0.0.1');
  await once(first, 'listening');
  const fd = await received(first);
  const address = first.address();
  first.close();
  expect([fd.domain, fd.type]).toEqual(['inet', 'datagram']);
  refusesAllBut(fd, 'toDgramSocket');
  const socket = fd.toDgramSocket();
  // There it is bound later, as by any bind().
  if (process.versions.bun !== undefined) await once(socket, 'listening');
  expect(socket.address()).toEqual(address);
  const sender = dgram.createSocket('udp4');
  sender.send('hello', address.port, '127.0.0.1');
  const [message] = await once(socket, 'message');
  expect(String(message)).toBe('hello');
  sender.close();
  socket.close();
  await once(socket, 'close');
});

test('a file: streams', async () => {
  using scratch = new Scratch();
  writeFileSync(scratch.path('file'), 'contents');
  using own = new FileDescriptor(openSync(scratch.path('file'), 'r'));
  const fd = await received(own);
  refusesAllBut(fd, 'toReadStream', 'toWriteStream');
  const stream = fd.toReadStream();
  expect(fd.closed).toBe(true);
  const closed = once(stream, 'close');
  expect(await text(stream)).toBe('contents');
  await closed;

  const handle = new FileDescriptor(openSync(scratch.path('other'), 'w'));
  const writer = handle.toWriteStream().end('written');
  await once(writer, 'close');
  expect(readFileSync(scratch.path('other'), 'utf8')).toBe('written');
});

test('a directory: nothing', () => {
  using fd = new FileDescriptor(openSync('/', 'r'));
  expect([fd.kind, fd.domain, fd.type, fd.listening]).toEqual(['directory', null, null, false]);
  refusesAllBut(fd);
});

test('a connected Unix stream: UnixStream or net.Socket', async () => {
  const [first, second] = UnixStream.pair();
  const fd = await received(second);
  await second.close();
  refusesAllBut(fd, 'toNetSocket', 'fromFd', 'UnixStream');
  await using socket = UnixStream.fromFd(fd);
  expect(fd.closed).toBe(true);
  await socket.write('hello');
  expect(String(await first.read())).toBe('hello');
  await first.close();
});

test('fromFd chooses the class', async () => {
  using scratch = new Scratch();
  const stream = UnixStream.pair();
  const packet = UnixSeqpacket.pair();
  const sockets = [
    [stream[0], UnixStream],
    [packet[0], UnixSeqpacket],
    [UnixDatagram.unbound(), UnixDatagram],
    [await UnixListener.bind(scratch.path('a')), UnixListener],
    [await UnixSeqpacketListener.bind(scratch.path('b')), UnixSeqpacketListener],
  ] as const;
  for (const [socket, Class] of sockets) {
    const fd = await received(socket);
    const again = fromFd(fd, { maxFds: 1 });
    expect(again.constructor).toBe(Class);
    expect(fd.closed).toBe(true);
    const each = await received(again);
    refusesAllBut(
      each,
      'fromFd',
      Class.name,
      ...(Class === UnixStream ? ['toNetSocket'] : []),
      ...(Class === UnixListener ? ['toNetServer'] : []),
    );
    const number = each.detach();
    const byNumber = fromFd(number);
    expect([byNumber.constructor, byNumber.fd]).toEqual([Class, number]);
    await byNumber.close();
    await again.close();
    await socket.close();
  }
  await stream[1].close();
  await packet[1].close();
});

test('fromFd refuses what it cannot serve, and ownership stays', () => {
  const [first, second] = UnixStream.pair();
  const fd = first.detach();
  using device = new FileDescriptor(openSync('/dev/null', 'r'));
  for (const [call, code] of [
    [() => fromFd(device), 'ERR_INVALID_ARG_VALUE'],
    [() => fromFd(device.fd), 'ERR_INVALID_ARG_VALUE'],
    [() => fromFd(1_000_000), 'EBADF'],
    [() => fromFd(-1), 'ERR_OUT_OF_RANGE'],
    [() => fromFd('0' as never), 'ERR_INVALID_ARG_TYPE'],
    [() => fromFd(fd, null as never), 'ERR_INVALID_ARG_TYPE'],
    [() => fromFd(fd, { maxFds: -1 }), 'ERR_OUT_OF_RANGE'],
    [() => fromFd(fd, { authorize: () => true }), 'ERR_INVALID_ARG_VALUE'],
  ] as const) {
    expect(call, String(call)).toThrow(expect.objectContaining({ code }));
  }
  expect([fd.closed, fd.kind, device.kind]).toEqual([false, 'socket', 'character']);
  fd.close();
  void second.close();
});

test('closed, or handed on: ERR_SOCKET_CLOSED', () => {
  const fd = new FileDescriptor(openSync('/dev/null', 'r'));
  fd.close();
  fd.close();
  expect(fd.fd).toBe(-1);
  for (const call of [
    () => fd.kind,
    () => fd.domain,
    () => fd.dup(),
    () => fd.detach(),
    () => fd.toNetSocket(),
    () => fd.toReadStream(),
    () => fromFd(fd),
    () => UnixStream.fromFd(fd),
  ]) {
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_SOCKET_CLOSED' }));
  }
});

test('dup is its own owner; `using` closes', () => {
  const fd = new FileDescriptor(openSync('/dev/null', 'r'));
  {
    using second = fd.dup();
    expect(second.fd).not.toBe(fd.fd);
    fd.close();
    expect(second.kind).toBe('character');
  }
  expect(() => new FileDescriptor(1_000_000)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  expect(() => new FileDescriptor(-1)).toThrow(
    expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
  );
});
