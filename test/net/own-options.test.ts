// The options that are this package's own, on servers and sockets of afunix/net.
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import nodeNet from 'node:net';
import { type FileDescriptor, UnixAddress, UnixListener, UnixStream } from 'afunix';
import * as module from 'afunix/net';
import net, { attach, connect, createServer, Server, Socket } from 'afunix/net';
import { expect, test, vi } from 'vitest';
import { expectNoLeak, openDescriptors } from '../helpers/descriptors.js';
import { fromRoot } from '../helpers/programs.js';
import { addressKinds, native, Scratch } from '../helpers/scratch.js';

const me = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };

const listening = async (server: Server): Promise<Server> => {
  await once(server, 'listening');
  return server;
};

test('the default export has the functions', () => {
  const own = { Server, Socket, Stream: Socket, connect, createConnection: connect, createServer };
  const shared = Object.fromEntries(
    Object.entries(nodeNet).filter(([name]) => !(name in own || name.startsWith('_'))),
  );
  // Addresses and settings of TCP are those of node:net.
  expect(net).toMatchObject({ ...own, isIP: nodeNet.isIP, BlockList: nodeNet.BlockList });
  expect({ ...shared, ...own }).toMatchObject(net);
  expect({ ...module }).toEqual({ ...net, attach, default: net });
});

test.each(addressKinds)('%s addresses, as strings, bytes and UnixAddress', async (kind) => {
  using scratch = new Scratch();
  const name = native(scratch.address(kind));
  for (const address of [name, Buffer.from(name), UnixAddress.from(name)]) {
    await using server = await listening(createServer((peer) => peer.end('hi')).listen(address));
    expect(server.address()).toBe(name);
    for (const client of [connect(address), connect({ path: address })]) {
      client.setEncoding('utf8');
      expect(await client.toArray()).toEqual(['hi']);
    }
  }
});

test('a path longer than sun_path', async () => {
  using scratch = new Scratch();
  const path = scratch.path('x'.repeat(200));
  await using server = await listening(createServer((peer) => peer.end('far')).listen(path));
  expect(server.address()).toBe(path);
  expect(String((await connect(path).toArray())[0])).toBe('far');
});

test('mode is exactly that, with readableAll and writableAll added', async () => {
  using scratch = new Scratch();
  const mode = async (options: object): Promise<number> => {
    await using _server = await listening(
      createServer().listen({ path: scratch.path(), ...options }),
    );
    return statSync(scratch.path()).mode & 0o777;
  };
  expect(await mode({ mode: 0o600 })).toBe(0o600);
  expect(await mode({ mode: 0o666 })).toBe(0o666);
  // Alone, as Node 22 and later have them.
  expect(await mode({ readableAll: true })).toBe(0o444);
  expect(await mode({ writableAll: true })).toBe(0o222);
  expect(await mode({ readableAll: true, writableAll: true })).toBe(0o666);
  expect(await mode({ mode: 0o600, readableAll: true })).toBe(0o644);
  expect(await mode({ mode: 0o600, writableAll: true })).toBe(0o622);
});

test('replace takes a living path over; unlinkOnClose: false leaves the file', async () => {
  using scratch = new Scratch();
  const first = await listening(createServer((peer) => peer.end('first')).listen(scratch.path()));
  const second = createServer((peer) => peer.end('second'));
  await listening(second.listen({ path: scratch.path(), replace: 'always', unlinkOnClose: false }));

  expect(String((await connect(scratch.path()).toArray())[0])).toBe('second');
  await first[Symbol.asyncDispose]();
  expect(String((await connect(scratch.path()).toArray())[0])).toBe('second');
  await second[Symbol.asyncDispose]();
  expect(statSync(scratch.path()).isSocket()).toBe(true);
});

test('a backlog over by one waits, and connects when there is room', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path(), { backlog: 0 });
  const first = connect(scratch.path());
  await once(first, 'connect');
  const second = connect(scratch.path());
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(second.connecting).toBe(true);
  await using one = await listener.accept();
  await once(second, 'connect');
  await using other = await listener.accept();
  expect(one.closed || other.closed).toBe(false);
  first.destroy();
  second.destroy();
});

test('destroyed while it waits for room: a close, and nothing after', async () => {
  using scratch = new Scratch();
  await using _listener = await UnixListener.bind(scratch.path(), { backlog: 0 });
  const first = connect(scratch.path());
  await once(first, 'connect');
  const second = connect(scratch.path());
  const events: string[] = [];
  for (const event of ['connect', 'error', 'close']) second.on(event, () => events.push(event));
  second.destroy();
  await once(second, 'close');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(events).toEqual(['close']);
  first.destroy();
});

test('peerCredentials() tells the peer process', async () => {
  using scratch = new Scratch();
  await using server = await listening(createServer().listen(scratch.path()));
  const accepted = once(server, 'connection');
  const client = connect(scratch.path());
  const [peer] = (await accepted) as [Socket];
  expect(peer.peerCredentials()).toEqual(me);
  expect(client.peerCredentials()).toEqual(me);
  client.destroy();
  peer.destroy();
  expect(peer.peerCredentials()).toBeNull();
});

test("'credentials' tells the sender once, before its bytes", async () => {
  using scratch = new Scratch();
  await using server = await listening(createServer({ credentials: true }).listen(scratch.path()));
  const seen: unknown[] = [];
  const client = connect(scratch.path());
  client.write('one');
  const [peer] = (await once(server, 'connection')) as [Socket];
  peer.on('credentials', (credentials) => seen.push(credentials));
  peer.on('data', (data) => seen.push(String(data)));
  await once(peer, 'data');
  client.end('two');
  await once(peer, 'end');
  expect(seen).toEqual([me, 'one', 'two']);
});

test('listen({ fd }) takes a listening socket over, its file stays', async () => {
  using scratch = new Scratch();
  const listener = await UnixListener.bind(scratch.path());
  const server = createServer((peer) => peer.end('adopted'));
  await listening(server.listen({ fd: listener.detach() }));
  expect(server.address()).toBe(scratch.path());
  expect(String((await connect(scratch.path()).toArray())[0])).toBe('adopted');
  await server[Symbol.asyncDispose]();
  expect(statSync(scratch.path()).isSocket()).toBe(true);
});

test('new Socket({ fd }) takes a connection over, by number or owner', async () => {
  for (const own of [(fd: FileDescriptor) => fd, (fd: FileDescriptor) => fd.detach()]) {
    const [one, other] = UnixStream.pair();
    const socket = new Socket({ fd: own(one.detach()) });
    await other.write('taken');
    await other.close();
    expect(String((await socket.toArray())[0])).toBe('taken');
  }
});

test('a server that cannot be configured is closed, and may listen again; what was given stays open', async () => {
  using scratch = new Scratch();
  // The addon's own table: no system call fails here by itself.
  const addon = await import(fromRoot('dist/native/binding.js'));
  const setsockopt = vi.spyOn(addon.native.raw, 'setsockopt').mockReturnValue(-12);
  const server = createServer({ credentials: true });
  const [one, other] = UnixStream.pair();
  try {
    expectNoLeak(() => {
      expect(() => server.listen(scratch.path())).toThrow(
        expect.objectContaining({ code: 'ENOMEM', syscall: 'setsockopt' }),
      );
    });
    using fd = one.detach();
    expect(() => new Socket({ fd, credentials: true })).toThrow(
      expect.objectContaining({ code: 'ENOMEM' }),
    );
    expect([fd.closed, openDescriptors().has(fd.fd)]).toEqual([false, true]);
  } finally {
    setsockopt.mockRestore();
  }
  expect([server.listening, existsSync(scratch.path())]).toEqual([false, false]);
  await new Promise<void>((resolve) => server.listen(scratch.path(), resolve));
  await new Promise((resolve) => server.close(resolve));
  await other.close();
});

test('memory that is detached while it waits destroys the socket, and nothing goes after it', async () => {
  const [one, other] = UnixStream.pair();
  const socket = one.toDuplex();
  const failed = once(socket, 'error');
  const large = new Uint8Array(1 << 20);
  socket.write(large);
  socket.write('behind');
  structuredClone(large, { transfer: [large.buffer] });
  let received = 0;
  const reading = (async () => {
    for await (const chunk of other) received += chunk.length;
  })();
  expect((await failed)[0]).toMatchObject({ code: 'ERR_INVALID_STATE' });
  await reading;
  expect(received).toBe(socket.stats()?.sent.bytes);
  expect(received).toBeLessThan(1 << 20);
  await other.close();
});

test('onread and maxFds exclude each other', () => {
  const onread = { buffer: Buffer.alloc(1), callback: () => true };
  expect(() => new Socket({ onread, maxFds: 1 })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
  expect(() => new Socket({ onread: { ...onread, buffer: Buffer.alloc(0) } })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
});

test.each([
  ['mode', { mode: 'x' }],
  ['replace', { replace: 'sometimes' }],
  ['maxFds', { maxFds: -1 }],
  ['authorize', { authorize: true }],
])('a wrong %s is refused', (_, options) => {
  expect(() => createServer(options as never).listen({ path: 'x', ...options } as never)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }),
  );
});

test("write(string, 'buffer') while connecting throws from write()", async () => {
  using scratch = new Scratch();
  await using _server = createServer().listen(scratch.path());
  const client = connect(scratch.path());
  expect(client.connecting).toBe(true);
  // node:net throws when it is connected, where nobody can catch it.
  expect(() => client.write('x', 'buffer' as BufferEncoding)).toThrow(
    // Streams of Node 24 refuse the encoding themselves.
    expect.objectContaining({
      code: expect.stringMatching(/ERR_(INVALID_ARG_TYPE|UNKNOWN_ENCODING)/),
    }),
  );
  client.destroy();
});
