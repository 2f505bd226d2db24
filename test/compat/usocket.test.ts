// compat/usocket: the interface of usocket, its order of events, and what went wrong there.
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inherits } from 'node:util';
import { UnixListener, UnixStream } from 'afunix';
import * as raw from 'afunix/raw';
import type { UServer, USocket, USocketMessage } from 'usocket';
import { expect, test } from 'vitest';
import { contentsOf } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

const usocket: typeof import('usocket') = createRequire(import.meta.url)('usocket');

interface Pair extends AsyncDisposable {
  server: UServer;
  client: USocket;
  accepted: USocket;
}

/** A server, a client, and what the server accepted. */
async function connectedPair(path: string): Promise<Pair> {
  const server = new usocket.UServer();
  server.listen(path);
  await once(server, 'listening');
  const client = new usocket.USocket(path);
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connected')]);
  return {
    server,
    client,
    accepted,
    async [Symbol.asyncDispose]() {
      client.destroy();
      accepted.destroy();
      server.close();
    },
  };
}

/** Resolves with the values of the next event, and does not reject at 'error' as `once()` does. */
const eventOf = (emitter: USocket, event: string): Promise<unknown[]> =>
  new Promise((resolve) => emitter.once(event, (...values) => resolve(values)));

/** Resolves with what `read()` returns once it is not null. */
function take<T>(socket: USocket, read: () => T | null): Promise<T> {
  return new Promise((resolve) => {
    const onReadable = (): void => {
      const value = read();
      if (value === null) return;
      socket.off('readable', onReadable);
      resolve(value);
    };
    socket.on('readable', onReadable);
    onReadable();
  });
}

/** The message that `count` descriptors came with. */
const takeMessage = (
  socket: USocket,
  length: number | null,
  count: number | null,
): Promise<{ text: string; fds: number[] }> =>
  take(socket, () => {
    const message = socket.read(length, count);
    return message === null ? null : { text: String(message.data), fds: message.fds };
  });

test('bytes go both ways, and both sides end in order', async () => {
  using scratch = new Scratch();
  await using pair = await connectedPair(scratch.path());
  const { client, accepted } = pair;
  client.write(Buffer.from('Hello There'));
  expect(await take(accepted, () => accepted.read(11))).toEqual(Buffer.from('Hello There'));
  accepted.write('Hello There');
  expect(String(await take(client, () => client.read(11)))).toBe('Hello There');

  const events: string[] = [];
  for (const [name, socket] of Object.entries({ client, accepted })) {
    for (const event of ['end', 'close']) socket.on(event, () => events.push(`${name} ${event}`));
  }
  accepted.on('readable', () => accepted.read(0));
  accepted.on('end', () => {
    accepted.end(Buffer.from('bye'));
    events.push('end() returned');
  });
  let last = '';
  client.on('readable', () => {
    last += client.read() ?? '';
  });
  client.end();
  await once(client, 'end');
  expect(last).toBe('bye');
  expect(events).toEqual([
    'accepted end',
    'accepted close',
    'end() returned',
    'client close',
    'client end',
  ]);
  expect(() => raw.fstat(client.fd as number)).toThrow('EBADF');
});

test('descriptors come with their bytes, and can be put back', async () => {
  using scratch = new Scratch();
  writeFileSync(scratch.path('file'), 'contents');
  await using pair = await connectedPair(scratch.path());
  const { client, accepted } = pair;
  const fds = [openSync(scratch.path('file'), 'r'), openSync(scratch.path('file'), 'r')];
  const events: unknown[] = [];
  const message: USocketMessage = {
    data: Buffer.from('two files'),
    fds,
    callback: (chunk) => {
      events.push(chunk);
      for (const fd of fds) closeSync(fd);
    },
  };
  accepted.end(message);
  events.push('returned');
  // As by usocket: before end() returns, if the kernel takes all.
  expect(events).toEqual([message, 'returned']);

  expect(client.read(4, 1)).toBeNull();
  const first = await takeMessage(client, 4, 1);
  expect(first).toEqual({ text: 'two ', fds: [expect.any(Number)] });
  client.unshift(Buffer.from('again '), [...first.fds]);
  expect(client.read(null, 3)).toBeNull();
  const both = await takeMessage(client, null, null);
  // Node.js 26 reads one buffer at a time.
  if (both.text === 'again ') both.text += (await takeMessage(client, null, null)).text;
  expect(both).toEqual({ text: 'again files', fds: [...first.fds, expect.any(Number)] });
  expect(String(contentsOf({ fd: both.fds[0] as number }))).toBe('contents');
  for (const fd of both.fds) raw.close(fd);
});

test("listeners of 'fds' get the numbers before the bytes", async () => {
  using scratch = new Scratch();
  await using pair = await connectedPair(scratch.path());
  const { client, accepted } = pair;
  const events: unknown[] = [];
  const received: number[] = [];
  accepted.on('fds', (fds: number[]) => {
    received.push(...fds);
    events.push(fds.length);
  });
  accepted.on('data', (data) => events.push(String(data)));
  client.write({ data: Buffer.from('a'), fds: [0] });
  client.write({ data: Buffer.from('b'), fds: [0, 1] });
  client.end('c');
  await once(accepted, 'end');
  expect(events).toEqual([1, 'a', 2, 'b', 'c']);
  accepted.destroy();
  for (const fd of received) raw.close(fd); // those who heard of them own them
});

test('descriptors wait for room with their bytes', async () => {
  const [own, peer] = UnixStream.pair({ maxFds: 253 });
  const fill = Buffer.alloc(1 << 16);
  let filled = 0;
  expect(() => {
    for (;;) filled += raw.send(own.fd, fill);
  }).toThrow('EAGAIN');
  const socket = new usocket.USocket({ fd: own.detach().detach() });
  const order: string[] = [];
  const fds = Array.from({ length: 100 }, () => openSync('/dev/null', 'r'));
  const closeFds = (): void => {
    order.push('fds');
    for (const fd of fds) closeSync(fd);
  };
  socket.write({ data: Buffer.from('!'), fds, callback: closeFds });
  socket.end({ data: Buffer.alloc(1 << 20), callback: () => order.push('bytes') });
  expect(order).toEqual([]);
  let [bytes, received] = [0, 0];
  for (let message = await peer.receive(); message !== null; message = await peer.receive()) {
    bytes += message.data.length;
    received += message.fds.length;
    for (const fd of message.fds) fd.close();
  }
  expect([bytes, received]).toEqual([filled + 1 + (1 << 20), 100]);
  expect(order).toEqual(['fds', 'bytes']);
  socket.destroy();
  await peer.close();
});

test('descriptors that nobody took are closed with the socket', async () => {
  using scratch = new Scratch();
  await using pair = await connectedPair(scratch.path());
  const [ours, theirs] = UnixStream.pair();
  pair.client.write({ data: Buffer.from('x'), fds: [theirs.fd] });
  await theirs.close();
  await take(pair.accepted, () => pair.accepted.read(1));
  pair.accepted.destroy();
  expect(await ours.read()).toBeNull();
  await ours.close();
});

test('descriptors without a byte are an error', async () => {
  using scratch = new Scratch();
  await using pair = await connectedPair(scratch.path());
  const error = eventOf(pair.client, 'error');
  const closed = eventOf(pair.client, 'close');
  const written = new Promise((resolve) => pair.client.write([0] as USocketMessage, resolve));
  expect(await written).toMatchObject({ message: expect.stringContaining('need a byte') });
  expect(await error).toEqual([await written]);
  expect(await closed).toEqual([await written]);
});

test.each([
  [{ data: 'text' }, 'USocket data needs to be a buffer'],
  [{ fds: 5 }, 'USocket fds needs to be an array'],
  [{ data: Buffer.from('x'), callback: 5 }, 'USocket write callback needs to be a function'],
  [{}, 'USocket write needs a data or array'],
])('a write of %j fails', async (chunk, message) => {
  const [stream] = UnixStream.pair();
  const socket = new usocket.USocket({ fd: stream.detach().detach() });
  socket.write(chunk as USocketMessage);
  expect(await eventOf(socket, 'error')).toEqual([new Error(message)]);
});

test('a write to a peer that is gone is an error, and closes', async () => {
  const [stream, peer] = UnixStream.pair();
  const socket = new usocket.USocket({ fd: stream.detach().detach() });
  await peer.close();
  const closed = eventOf(socket, 'close');
  socket.write('x');
  expect(await eventOf(socket, 'error')).toMatchObject([
    { code: 'EPIPE', errno: 32, syscall: 'sendmsg' },
  ]);
  expect(await closed).toMatchObject([{ code: 'EPIPE' }]);
});

test('a socket that cannot connect says so later, and may try again', async () => {
  using scratch = new Scratch();
  const socket = new usocket.USocket(scratch.path());
  const events: string[] = [];
  socket.on('error', (error: NodeJS.ErrnoException) => events.push(`error ${error.code}`));
  socket.once('close', (error: NodeJS.ErrnoException) => events.push(`close ${error.code}`));
  expect(() => socket.connect(scratch.path())).toThrow('connect on already connected USocket');
  await eventOf(socket, 'close');
  expect(events).toEqual(['error ENOENT', 'close ENOENT']);

  await using listener = await UnixListener.bind(scratch.path());
  let connected = false;
  socket.connect({ path: scratch.path() }, () => {
    connected = true;
  });
  socket.write('early');
  socket.end();
  await using accepted = await listener.accept();
  expect(String(await accepted.read())).toBe('early');
  expect(connected).toBe(true);
  expect(await accepted.read()).toBeNull();
});

test('connect() takes a path or a descriptor', () => {
  const socket = new usocket.USocket();
  expect(() => socket.connect(5 as never)).toThrow('USocket#connect expects string path');
  expect(socket.read(0)).toBeNull();
  const [stream, peer] = UnixStream.pair();
  const { fd } = stream;
  socket.connect({ fd: stream.detach().detach() }, () => expect.unreachable());
  expect(socket.fd).toBe(fd);
  socket.destroy();
  peer.close();
});

test("what came before 'close' can be read after it", async () => {
  using scratch = new Scratch();
  await using pair = await connectedPair(scratch.path());
  pair.accepted.write({ data: Buffer.from('late'), fds: [0] });
  pair.accepted.end();
  pair.client.end();
  await once(pair.client, 'close');
  const message = pair.client.read(4, 1);
  expect(String(message?.data)).toBe('late');
  for (const fd of message?.fds ?? []) raw.close(fd);
});

test('destroy() closes without an event, also while it connects', async () => {
  using scratch = new Scratch();
  await using listener = await UnixListener.bind(scratch.path());
  const socket = new usocket.USocket(scratch.path(), () => expect.unreachable());
  socket.on('close', () => expect.unreachable());
  socket.destroy();
  await using accepted = await listener.accept().catch(() => null);
  if (accepted !== null) expect(await accepted.read()).toBeNull();
  expect(socket.read()).toBeNull();
});

test('pipe() waits for a slow reader', async () => {
  using scratch = new Scratch();
  await using pair = await connectedPair(scratch.path());
  let most = 0;
  async function* source(): AsyncGenerator<Buffer> {
    for (let n = 0; n < 100; n++) {
      most = Math.max(most, pair.client.writableLength);
      yield Buffer.alloc(1 << 16);
    }
  }
  const sent = pipeline(source, pair.client as unknown as NodeJS.WritableStream);
  let bytes = 0;
  for await (const chunk of pair.accepted) bytes += chunk.length;
  await sent;
  expect(bytes).toBe(100 << 16);
  expect(most).toBeLessThan(20);
});

test('allowHalfOpen: false ends with the peer', async () => {
  const [stream, peer] = UnixStream.pair();
  const socket = new usocket.USocket({ fd: stream.detach().detach(), allowHalfOpen: false });
  socket.resume();
  peer.shutdown('write');
  expect(await peer.read()).toBeNull();
  await peer.close();
});

test('a program inherits from it as from a function', async () => {
  using scratch = new Scratch();
  function Server(this: UServer): void {
    (usocket.UServer as unknown as () => void).call(this);
  }
  inherits(Server, usocket.UServer);
  function Client(this: USocket, path: string): void {
    (usocket.USocket as unknown as (path: string) => void).call(this, path);
  }
  inherits(Client, usocket.USocket);
  const server: UServer = Reflect.construct(Server, []);
  server.listen(scratch.path());
  await once(server, 'listening');
  const client: USocket = Reflect.construct(Client, [scratch.path()]);
  const [accepted] = await once(server, 'connection');
  expect(accepted).toBeInstanceOf(usocket.USocket);
  expect(client).toBeInstanceOf(Duplex);
  accepted.end('hello');
  expect(String(await take(client, () => client.read(5)))).toBe('hello');
  client.destroy();
  server.close();
});
