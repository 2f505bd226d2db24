// What node:net cannot do: descriptors beside the bytes.
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { type FileDescriptor, UnixListener } from 'afunix';
import { connect, createServer, type Socket } from 'afunix/net';
import { afterEach, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { contentsOf, openDescriptors } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

const open: Socket[] = [];

afterEach(async () => {
  const sockets = open.splice(0).filter((socket) => !socket.closed);
  await Promise.all(
    sockets.map((socket) => {
      const closed = once(socket, 'close');
      socket.destroy();
      return closed;
    }),
  );
});

/** A connection both of whose ends take up to `maxFds` descriptors. */
async function pair(scratch: Scratch, maxFds: number): Promise<[Socket, Socket]> {
  const server = createServer({ maxFds }).listen(scratch.path());
  const accepted = once(server, 'connection');
  const client = connect({ path: scratch.path(), maxFds });
  const [[peer]] = await Promise.all([accepted, once(client, 'connect')]);
  server.close();
  for (const socket of [client, peer as Socket]) socket.on('error', () => {});
  open.push(client, peer);
  return [client, peer];
}

function file(scratch: Scratch, contents: string): number {
  const path = scratch.path(`file-${contents}`);
  writeFileSync(path, contents);
  return openSync(path, 'r');
}

function contents(fd: FileDescriptor): string {
  const text = String(contentsOf(fd));
  fd.close();
  return text;
}

/** What the socket says, in order: bytes as text, descriptors as the text of their files. */
function record(socket: Socket): string[] {
  const seen: string[] = [];
  socket.on('fds', (fds: FileDescriptor[], truncated: boolean) => {
    seen.push(`fds ${fds.map(contents)}${truncated ? ' truncated' : ''}`);
  });
  socket.on('data', (data) => seen.push(`data ${data}`));
  return seen;
}

test("'fds' comes before the bytes that brought them", async () => {
  using scratch = new Scratch();
  const [client, peer] = await pair(scratch, 4);
  const seen = record(peer);
  const fds = [file(scratch, 'one'), file(scratch, 'two')];

  client.write('before ');
  client.writeWithFds('with', fds);
  client.end(' after');
  for (const fd of fds) closeSync(fd);
  await once(peer, 'end');

  // The kernel adds what was written before to the same read, what was written after it does not.
  expect(seen).toEqual(['fds one,two', 'data before with', 'data  after']);
});

test('corked messages with descriptors keep them apart', async () => {
  using scratch = new Scratch();
  const [client, peer] = await pair(scratch, 4);
  const seen = record(peer);
  const one = file(scratch, 'one');
  const two = file(scratch, 'two');

  client.cork();
  client.writeWithFds('a', [one]);
  client.write('b');
  client.writeWithFds('c', [two]);
  client.write('d');
  client.uncork();
  closeSync(one);
  closeSync(two);
  client.end();
  await once(peer, 'end');

  expect(seen).toEqual(['fds one', 'data ab', 'fds two', 'data cd']);
});

test('written before the connection stands, closed by the caller at once', async () => {
  using scratch = new Scratch();
  const server = createServer({ maxFds: 1 }).listen(scratch.path());
  const client = connect(scratch.path());
  const fd = file(scratch, 'early');
  client.writeWithFds(Buffer.from('x'), [fd]);
  closeSync(fd);
  const [peer] = (await once(server, 'connection')) as [Socket];
  const seen = record(peer);
  await once(peer, 'data');

  expect(seen).toEqual(['fds early', 'data x']);
  client.destroy();
  server.close();
});

test('behind a full buffer they wait, and arrive with their byte', async () => {
  using scratch = new Scratch();
  const [client, peer] = await pair(scratch, 1);
  peer.pause();
  const fd = file(scratch, 'late');
  for (let index = 0; index < 20; index++) client.write(Buffer.alloc(65_536, '.'));
  client.writeWithFds('!', [fd]);
  closeSync(fd);
  client.end();

  let received = 0;
  let next: string | undefined;
  const seen: string[] = [];
  peer.on('fds', (fds: FileDescriptor[]) => {
    next = fds.map(contents).join();
  });
  peer.on('data', (data: Buffer) => {
    received += data.length;
    if (next !== undefined) seen.push(`${next} ${data.includes('!')}`);
    next = undefined;
  });
  peer.resume();
  await once(peer, 'end');
  expect(seen).toEqual(['late true']);
  expect(received).toBe(20 * 65_536 + 1);
});

test('nobody listens for fds: they are closed', async () => {
  using scratch = new Scratch();
  const [client, peer] = await pair(scratch, 8);
  const fd = file(scratch, 'unwanted');
  const before = openDescriptors().size;
  client.writeWithFds('x', [fd, fd, fd]);
  await once(peer, 'data');
  expect(openDescriptors().size).toBe(before);
  closeSync(fd);
  client.destroy();
});

test('more than maxFds: the rest is closed, and it is said', async () => {
  using scratch = new Scratch();
  const [client, peer] = await pair(scratch, 1);
  const seen = record(peer);
  const fd = file(scratch, 'first');
  const before = openDescriptors().size;
  client.writeWithFds('x', [fd, fd, fd]);
  await once(peer, 'data');
  expect(seen).toEqual(['fds first truncated', 'data x']);
  expect(openDescriptors().size).toBe(before);
  closeSync(fd);
  client.destroy();
});

test('destroyed before they went: the duplicates are closed', async () => {
  using scratch = new Scratch();
  const [client, peer] = await pair(scratch, 1);
  peer.pause();
  const fd = file(scratch, 'never');
  for (let index = 0; index < 20; index++) client.write(Buffer.alloc(65_536));
  const before = openDescriptors().size;
  client.writeWithFds('x', [fd, fd]);
  client.writeWithFds('y', [fd]);
  expect(openDescriptors().size).toBe(before + 3);
  client.on('error', () => {});
  client.destroy();
  expect(openDescriptors().size).toBe(before - 1);
  closeSync(fd);
});

test('refused before anything is sent', async () => {
  using scratch = new Scratch();
  const [client] = await pair(scratch, 1);
  const before = openDescriptors().size;
  const fd = file(scratch, 'x');
  expect(() => client.writeWithFds('', [fd])).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
  expect(() => client.writeWithFds('x', Array(254).fill(fd))).toThrow(
    expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
  );
  expect(() => client.writeWithFds('x', [fd, 999_999])).toThrow(
    expect.objectContaining({ code: 'EBADF' }),
  );
  expect(() => client.writeWithFds(1 as never, [fd])).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  );
  closeSync(fd);
  expect(openDescriptors().size).toBe(before);
  expect(client.bytesWritten).toBe(0);
});

test('after end() and after destroy() nothing is kept', async () => {
  using scratch = new Scratch();
  const [client] = await pair(scratch, 1);
  const fd = file(scratch, 'x');
  client.on('error', () => {});
  const before = openDescriptors().size;
  client.end();
  expect(client.writeWithFds('late', [fd])).toBe(false);
  expect(openDescriptors().size).toBe(before - 1);
  await new Promise((resolve) => client.on('close', resolve));
  expect(client.writeWithFds('later', [fd])).toBe(false);
  expect(openDescriptors().size).toBe(before - 1);
  closeSync(fd);
});

test('a socket itself can be sent', async () => {
  using scratch = new Scratch();
  using other = new Scratch();
  const [client, peer] = await pair(scratch, 1);
  const [third] = await pair(other, 1);
  peer.on('fds', (fds: FileDescriptor[]) => {
    expect(fds[0]?.kind).toBe('socket');
    fds[0]?.close();
  });
  client.writeWithFds('x', [third]);
  await once(peer, 'data');
  expect.assertions(1);
});

test('a server that is sent to another process: that accepts from the same backlog', async () => {
  using scratch = new Scratch();
  const server = createServer((socket) => socket.end('old'));
  await once(server.listen({ path: scratch.path(), unlinkOnClose: false }), 'listening');
  const greeting = async (): Promise<string> =>
    String((await connect(scratch.path()).toArray())[0]);
  expect(await greeting()).toBe('old');

  await using control = await UnixListener.bind(scratch.path('control'));
  await using child = Child.fixture('successor.mjs', [scratch.path('control')]);
  await using successor = await control.accept();
  await successor.write('listener', { fds: [server] });
  await child.says('serving');
  server.close();
  await once(server, 'close');
  expect(await greeting()).toBe('new');
  await successor.shutdown('write');
  await child.succeeds();
});
