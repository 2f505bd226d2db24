// afunix/dgram by the rules of node:dgram.
import dgram from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { platform } from 'node:process';
import { createSocket, type Socket, type SocketOptions } from 'afunix/dgram';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

type Options = Omit<SocketOptions, 'type'>;

/** A bound receiver at `socket` and a sender that is connected to it. */
async function connected(scratch: Scratch, options?: Options): Promise<[Socket, Socket]> {
  const receiver = createSocket('unix_dgram').bind(scratch.path());
  await once(receiver, 'listening');
  const sender = createSocket({ type: 'unix_dgram', ...options }).connect(scratch.path());
  await once(sender, 'connect');
  return [receiver, sender];
}

const message = async (socket: Socket): Promise<string> =>
  String((await once(socket, 'message'))[0]);

describe('send, in all its forms', () => {
  const bytes = Buffer.from('0123456789');
  const forms: [string, string, (socket: Socket, to: string, done: () => void) => void][] = [
    ['string', 'text ü', (socket, _to, done) => socket.send('text ü', done)],
    [
      'view',
      '0123456789',
      (socket, _to, done) => socket.send(new DataView(bytes.buffer, bytes.byteOffset, 10), done),
    ],
    ['pieces', '0123456789ab', (socket, _to, done) => socket.send([bytes, 'ab'], done)],
    ['no pieces', '', (socket, _to, done) => socket.send([], done)],
    ['offset, length', '345', (socket, _to, done) => socket.send(bytes, 3, 3, done)],
    ['offset, length, path', '345', (socket, to, done) => socket.send(bytes, 3, 3, to, done)],
    ['of a string', '345', (socket, _to, done) => socket.send('0123456789', 3, 3, done)],
    ['path', '0123456789', (socket, to, done) => socket.send(bytes, to, done)],
    ['sendto', '12', (socket, to, done) => socket.sendto(bytes, 1, 2, to, done)],
  ];
  test.each(forms)('%s', async (_name, text, send) => {
    using scratch = new Scratch();
    const [receiver, sender] = await connected(scratch);
    const received = message(receiver);
    const result = new Promise((resolve) => {
      send(sender, scratch.path(), ((error: unknown, sent: number) =>
        resolve([error, sent])) as never);
    });
    expect(await received).toBe(text);
    expect(await result).toEqual([null, Buffer.byteLength(text)]);
    receiver.close();
    sender.close();
  });

  test.each([
    [[5], 'ERR_INVALID_ARG_TYPE'],
    [[['a', 5]], 'ERR_INVALID_ARG_TYPE'],
    [['abc', 2, 2], 'ERR_BUFFER_OUT_OF_BOUNDS'],
    [['abc', -1, 2], 'ERR_BUFFER_OUT_OF_BOUNDS'],
    [['abc', 4, 0], 'ERR_BUFFER_OUT_OF_BOUNDS'],
    [['abc', 1, 'x'], 'ERR_INVALID_ARG_TYPE'],
    [['abc', { path: 'x' }], 'ERR_INVALID_ARG_TYPE'],
    [['abc', ''], 'ERR_INVALID_ARG_VALUE'],
  ])('wrong: %j', (args, code) => {
    const socket = createSocket('unix_dgram');
    const call = (): void => (socket.send as (...given: unknown[]) => void)(...args);
    expect(call).toThrow(expect.objectContaining({ code }));
    socket.close();
  });
});

test('events of success come after the call, failures within it', async () => {
  using scratch = new Scratch();
  const events: string[] = [];
  const socket = createSocket('unix_dgram');
  for (const name of ['listening', 'connect', 'close'] as const) {
    socket.on(name, () => events.push(name));
  }
  socket.bind(scratch.path());
  socket.connect(scratch.path());
  expect(events).toEqual([]);
  await once(socket, 'connect');
  expect(events).toEqual(['listening', 'connect']);
  expect(() => socket.bind(scratch.path('other'))).toThrow(
    expect.objectContaining({ code: 'ERR_SOCKET_ALREADY_BOUND' }),
  );

  const failing = createSocket('unix_dgram');
  expect(() => failing.bind(scratch.path())).toThrow(
    expect.objectContaining({ code: 'EADDRINUSE', syscall: 'bind' }),
  );
  expect(() => failing.connect(scratch.path('none'))).toThrow(
    expect.objectContaining({ code: 'ENOENT', syscall: 'connect' }),
  );
  expect(() => failing.send('x', scratch.path('none'))).toThrow(
    expect.objectContaining({ code: 'ENOENT', syscall: 'send' }),
  );
  const errors: unknown[] = [];
  failing.on('error', (error) => errors.push(error));
  failing.connect(scratch.path('none'));
  expect(errors).toMatchObject([{ code: 'ENOENT' }]);
  failing.bind(scratch.path('second try'));
  await once(failing, 'listening');

  failing.close();
  socket.close();
  expect(events).not.toContain('close');
  await once(socket, 'close');
});

test('callbacks of bind, connect and close', async () => {
  using scratch = new Scratch();
  const socket = createSocket('unix_dgram');
  await new Promise<void>((resolve) => socket.bind(scratch.path(), resolve));
  expect(await new Promise((resolve) => socket.connect(scratch.path(), resolve))).toBeNull();
  const failed = await new Promise((resolve) => socket.connect(scratch.path('none'), resolve));
  expect(failed).toMatchObject({ code: 'ENOENT' });
  await new Promise<void>((resolve) => socket.close(resolve));
});

test('once closed: calls throw, callbacks get the error', async () => {
  const socket = createSocket('unix_dgram');
  socket.close();
  const error = { code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' };
  for (const call of [
    () => socket.close(),
    () => socket.bind(),
    () => socket.connect('/nowhere'),
    () => socket.send('x'),
    () => socket.address(),
  ]) {
    expect(call).toThrow(expect.objectContaining(error));
  }
  expect(await new Promise((resolve) => socket.send('x', resolve))).toMatchObject(error);
  expect(socket.fd).toBe(-1);
});

test('a close that others tell of is told of once', async () => {
  const socket = createSocket('unix_dgram');
  let closes = 0;
  socket.on('close', () => {
    closes += 1;
  });
  socket.close();
  socket.emit('close');
  await new Promise((resolve) => setImmediate(resolve));
  expect(closes).toBe(1);
});

test('await using, and signal', async () => {
  using scratch = new Scratch();
  let closed = 0;
  {
    await using socket = createSocket('unix_dgram');
    socket.on('close', () => {
      closed += 1;
    });
  }
  expect(closed).toBe(1);
  const abort = new AbortController();
  const socket = createSocket({ type: 'unix_dgram', signal: abort.signal });
  socket.bind(scratch.path());
  abort.abort();
  await once(socket, 'close');
  const aborted = createSocket({ type: 'unix_dgram', signal: AbortSignal.abort() });
  await once(aborted, 'close');
});

test('addresses', async () => {
  using scratch = new Scratch();
  const path = scratch.path();
  const server = createSocket('unix_dgram').bind(path);
  const client = createSocket('unix_dgram');
  expect(server.address()).toEqual({ address: path, family: 'unix', path });
  expect(client.address()).toEqual({ address: '', family: 'unix', path: null });
  expect(() => client.remoteAddress()).toThrow(
    expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_NOT_CONNECTED' }),
  );
  expect(() => client.disconnect()).toThrow(
    expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_NOT_CONNECTED' }),
  );
  client.connect(path);
  expect(client.remoteAddress()).toEqual({ address: path, family: 'unix', path });
  expect(client.connected).toBe(true);
  client.disconnect();
  expect(client.connected).toBe(false);

  if (platform === 'linux') {
    client.bind();
    const { address } = client.address();
    expect(address).toMatch(/^\0/);
    client.send('hello', path);
    const [, remote] = await once(server, 'message');
    expect(remote).toMatchObject({ address, path: null, size: 5, family: 'unix' });
    server.send('answer', remote.address);
    expect(await message(client)).toBe('answer');
  }
  server.close();
  client.close();
});

test('bind options, buffer sizes, descriptors to nobody', async () => {
  using scratch = new Scratch();
  const sizes = { sendBufferSize: 20_000, recvBufferSize: 30_000 };
  const socket = createSocket({ type: 'unix_dgram', maxMessageSize: 3, ...sizes });
  socket.bind({ path: scratch.path(), mode: 0o600 });
  await once(socket, 'listening');
  expect(socket.getSendBufferSize()).toBeGreaterThanOrEqual(20_000);
  expect(socket.getRecvBufferSize()).toBeGreaterThanOrEqual(30_000);
  socket.setSendBufferSize(40_000);
  expect(socket.getSendBufferSize()).toBeGreaterThanOrEqual(40_000);
  const got = once(socket, 'message');
  socket.send('abcdef', scratch.path());
  const [data, remote] = await got;
  expect(data.toString()).toBe('abc');
  expect(remote).toMatchObject({ size: 6, truncated: true });
  expect(socket.ref().unref()).toBe(socket);
  socket.close();
});

test('a listener that throws costs nobody the messages behind', async () => {
  using scratch = new Scratch();
  await using child = Child.fixture('throwing-listener.mjs', [scratch.path()]);
  await child.says('ready');
  const client = createSocket({ type: 'unix_dgram', congestion: 'wait' });
  client.connect(scratch.path());
  for (let i = 0; i < 100; i++) client.send(String(i));
  const lines = (await child.succeeds()).trim().split('\n').slice(1);
  expect(lines).toEqual(Array.from({ length: 100 }, (_, i) => `uncaught ${i}`));
  client.close();
});

test('a peer that connects elsewhere ends neither process nor socket', async () => {
  using scratch = new Scratch();
  const ours = createSocket('unix_dgram').bind(scratch.path('ours'));
  const peer = createSocket('unix_dgram').bind(scratch.path('peer'));
  const elsewhere = createSocket('unix_dgram').bind(scratch.path('elsewhere'));
  ours.connect(scratch.path('peer'));
  peer.connect(scratch.path('ours'));
  await once(peer, 'connect');
  const told = platform === 'linux' ? once(ours, 'error') : undefined;
  ours.send('unread');
  peer.connect(scratch.path('elsewhere'));
  if (told !== undefined) expect((await told)[0]).toMatchObject({ code: 'ECONNRESET' });
  const got = message(ours);
  ours.disconnect();
  elsewhere.send('works', scratch.path('ours'));
  expect(await got).toBe('works');
  for (const socket of [ours, peer, elsewhere]) socket.close();
});

test('reconnect: connect and disconnect are events', async () => {
  using scratch = new Scratch();
  const [old, client] = await connected(scratch, { reconnect: true });
  old.close();
  await once(old, 'close');
  const gone = once(client, 'disconnect');
  const back = once(client, 'connect');
  client.send('waits');
  expect((await gone)[0]).toMatchObject({ code: 'ECONNREFUSED' });
  expect(client.getSendQueueCount()).toBe(1);
  const next = createSocket('unix_dgram').bind(scratch.path());
  expect(await message(next)).toBe('waits');
  await back;
  next.close();
  client.close();
});

test('udp4 and udp6 are handed over to node:dgram', async () => {
  const socket = createSocket('udp4', () => {});
  expect(socket).toBeInstanceOf(dgram.Socket);
  socket.close();
  createSocket({ type: 'udp6', ipv6Only: true }).close();
  for (const type of ['udp5', undefined, null, {}]) {
    expect(() => createSocket(type as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_SOCKET_BAD_TYPE' }),
    );
  }
});

test('require() returns an object whose createSocket can be replaced', () => {
  const required = createRequire(import.meta.url)('afunix/dgram');
  const { createSocket: original } = required;
  required.createSocket = () => 'mine';
  expect(createRequire(import.meta.url)('afunix/dgram').createSocket()).toBe('mine');
  required.createSocket = original;
  expect(() => createSocket({ type: 'unix_dgram', congestion: 'x' } as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  );
});
