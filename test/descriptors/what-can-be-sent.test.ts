// Everything that has a descriptor can be sent; what has none, or none any more, is a clear error.
import dgram from 'node:dgram';
import { once } from 'node:events';
import { createReadStream, createWriteStream, openSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import {
  type FdLike,
  FileDescriptor,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixStream,
} from 'afunix';
import { createServer } from 'afunix/net';
import { expect, test, vi } from 'vitest';
import { checkDescriptors, contentsOf } from '../helpers/descriptors.js';
import { End, Pair } from '../helpers/pairs.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

/** Sends it, and says what arrived. */
async function passed(value: FdLike): Promise<string> {
  await using pair = new Pair(UnixStream.pair({ maxFds: 1 }));
  await pair.first.send('x', { fds: [value] });
  const { fds } = await pair.second.receive();
  using fd = fds[0] as FileDescriptor;
  expect(fds).toHaveLength(1);
  if (fd.kind !== 'socket') return fd.kind;
  return [fd.listening ? 'listening' : 'connected', fd.domain, fd.type].join(' ');
}

async function refused(value: unknown): Promise<unknown> {
  await using pair = new Pair(UnixStream.pair({ maxFds: 1 }));
  const error = await pair.first.send('lost', { fds: [value as FdLike] }).then(
    () => undefined,
    (reason) => reason,
  );
  await pair.first.send('x');
  expect((await pair.second.receive()).data.toString()).toBe('x');
  return error;
}

const closed = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };

test('net.Server and net.Socket', async () => {
  using scratch = new Scratch();
  for (const [address, domain] of [
    [{ port: 0, host: '127.0.0.1' }, 'inet'],
    [{ path: scratch.path() }, 'unix'],
  ] as const) {
    const server = net.createServer().listen(address);
    await once(server, 'listening');
    const local = server.address() as AddressInfo & string;
    const client = domain === 'inet' ? net.connect(local.port) : net.connect(local);
    const [connection] = (await once(server, 'connection')) as [net.Socket];
    expect(await passed(server)).toBe(`listening ${domain} stream`);
    expect(await passed(client)).toBe(`connected ${domain} stream`);
    expect(await passed(connection)).toBe(`connected ${domain} stream`);
    for (const socket of [client, connection]) {
      socket.destroy();
      await once(socket, 'close');
      expect(await refused(socket)).toMatchObject(closed);
    }
    server.close();
    await once(server, 'close');
    expect(await refused(server)).toMatchObject(closed);
  }
});

test('http.Server', async () => {
  const server = http.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  if (server instanceof net.Server) {
    expect(await passed(server)).toBe('listening inet stream');
  } else {
    const unavailable = { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' };
    expect(await refused(server)).toMatchObject(unavailable); // Bun
  }
  server.close();
  await once(server, 'close');
  if (server instanceof net.Server) expect(await refused(server)).toMatchObject(closed);
});

test('dgram.Socket, without a deprecation warning', async () => {
  const warned = vi.fn();
  process.on('warning', warned);
  const socket = dgram.createSocket('udp4');
  expect(await refused(socket)).toMatchObject(closed); // not bound yet
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  expect(await passed(socket)).toBe('connected inet datagram');
  socket.close();
  await once(socket, 'close');
  expect(await refused(socket)).toMatchObject(closed);
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', warned);
  expect(warned).not.toHaveBeenCalled();
});

test('FileHandle, and streams of files', async () => {
  using scratch = new Scratch();
  writeFileSync(scratch.path('file'), 'contents');
  const handle = await open(scratch.path('file'));
  expect(await passed(handle)).toBe('file');
  await handle.close();
  expect(await refused(handle)).toMatchObject(closed);
  for (const make of [createReadStream, createWriteStream]) {
    const stream = make(scratch.path('file'));
    expect(await refused(stream)).toMatchObject(closed); // not open yet
    await once(stream, 'open');
    expect(await passed(stream)).toBe('file');
    stream.destroy();
    await once(stream, 'close');
    expect(await refused(stream)).toMatchObject(closed);
  }
});

test('standard streams', async () => {
  expect(typeof (await passed(process.stdin))).toBe('string');
  expect(typeof (await passed(process.stdout))).toBe('string');
});

test('sockets of this package', async () => {
  using scratch = new Scratch();
  const listener = await UnixListener.bind(scratch.path());
  const [first, second] = UnixSeqpacket.pair();
  const datagram = UnixDatagram.unbound();
  expect(await passed(listener)).toBe('listening unix stream');
  expect(await passed(first)).toBe('connected unix seqpacket');
  expect(await passed(datagram)).toBe('connected unix datagram');
  for (const socket of [listener, first, second, datagram]) {
    await socket.close();
    expect(await refused(socket)).toMatchObject(closed);
  }
});

test('Server of afunix/net, while it listens', async () => {
  using scratch = new Scratch();
  const server = createServer();
  expect(server.fd).toBe(-1);
  expect(await refused(server)).toMatchObject(closed); // not open yet
  await once(server.listen(scratch.path()), 'listening');
  expect(await passed(server)).toBe('listening unix stream');
  expect(server.listening).toBe(true);
  server.close();
  expect(server.fd).toBe(-1);
  expect(await refused(server)).toMatchObject(closed);
  await once(server, 'close');
});

test('FileDescriptor and numbers, which stay the sender’s', async () => {
  using scratch = new Scratch();
  writeFileSync(scratch.path('file'), 'contents');
  const fd = new FileDescriptor(openSync(scratch.path('file'), 'r'));
  expect(await passed(fd)).toBe('file');
  expect(await passed(fd.fd)).toBe('file');
  expect(String(contentsOf(fd))).toBe('contents');
  fd.close();
  expect(await refused(fd)).toMatchObject(closed);
});

test.each([
  ['null', null],
  ['undefined', undefined],
  ['a string', '0'],
  ['an object without one', {}],
  ['a function', () => 0],
])('%s: a TypeError', async (_, value) => {
  expect(await refused(value)).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
});

test('an error names which of them', async () => {
  await using pair = new Pair([...UnixStream.pair()]);
  expect(pair.first).toBeInstanceOf(End);
  await expect(pair.first.send('x', { fds: [0, 1, null as never] })).rejects.toThrow('fds[2]');
});
