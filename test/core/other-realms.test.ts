// What a polyfill, jsdom or another realm (vm, jest) made works as what Node itself makes: abort signals, and
// arrays of bytes as addresses, as data and as memory to read into.
import { once } from 'node:events';
import { runInNewContext, runInThisContext } from 'node:vm';
import { UnixAddress, UnixDatagram, UnixListener, UnixSeqpacket, UnixStream } from 'afunix';
import { createSocket } from 'afunix/dgram';
import { connect, createServer, Socket } from 'afunix/net';
import * as raw from 'afunix/raw';
import { barrier } from 'afunix/systemd';
import { describe, expect, test } from 'vitest';
import { fill } from '../helpers/full-receiver.js';
import { codeOf, Descriptors } from '../helpers/raw-sockets.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

/** A signal as the polyfills have it: of no class that Node knows, and without a reason. */
interface Polyfill extends AbortSignal {
  readonly listeners: Set<() => void>;
  abort(): void;
}

const source = `({
  aborted: false,
  listeners: new Set(),
  addEventListener(type, listener) { if (type === 'abort') this.listeners.add(listener); },
  removeEventListener(type, listener) { this.listeners.delete(listener); },
  abort() {
    this.aborted = true;
    for (const listener of [...this.listeners]) listener.call(this, { type: 'abort' });
  },
})`;
const makers: [name: string, make: () => Polyfill][] = [
  ['a polyfill', () => runInThisContext(source)],
  ['another realm', () => runInNewContext(source)],
];

const nothing: unknown[] = [
  null,
  'x',
  {},
  { aborted: false },
  { aborted: true },
  { aborted: true, addEventListener() {} },
];
const bad = <T>(value: unknown): T => value as T;

/** Whatever takes a signal and waits; `world` is closed at the end. */
const waits: [name: string, wait: (signal: AbortSignal, world: World) => Promise<unknown>][] = [
  ['stream read', (signal, { stream }) => stream.read(null, { signal })],
  ['stream receive', (signal, { stream }) => stream.receive({ signal })],
  ['stream write', (signal, { stream }) => stream.write(Buffer.alloc(1 << 22), { signal })],
  ['datagram receive', (signal, { datagram }) => datagram.receive({ signal })],
  [
    'datagram send',
    (signal, { datagram }) => {
      fill(datagram);
      return datagram.send('waits', { signal });
    },
  ],
  ['accept', (signal, { listener }) => listener.accept({ signal })],
  [
    'connect',
    async (signal, { listener, path }) => {
      const rest = await UnixListener.bind(`${path}-full`, { backlog: 0 });
      const first = await UnixStream.connect(`${path}-full`);
      try {
        return await UnixStream.connect(`${path}-full`, { signal });
      } finally {
        await Promise.all([rest.close(), first.close()]);
        expect(listener.closed).toBe(false);
      }
    },
  ],
  [
    'waitExit',
    async (signal, { stream }) => {
      const pidfd = stream.peerPidFd();
      try {
        await pidfd?.waitExit({ signal });
      } finally {
        pidfd?.close();
      }
    },
  ],
];
if (hasSeqpacket) {
  waits.push(['packet receive', (signal, { packet }) => packet.receive({ signal })]);
  waits.push([
    'packet send',
    (signal, { packet }) => {
      while (packet.trySend('fill'));
      return packet.send('waits', { signal });
    },
  ]);
}

class World implements AsyncDisposable {
  readonly scratch = new Scratch();
  readonly path = this.scratch.path();
  readonly streams = UnixStream.pair();
  readonly stream = this.streams[0];
  readonly datagrams = UnixDatagram.pair();
  readonly datagram = this.datagrams[0];
  readonly packets = hasSeqpacket ? UnixSeqpacket.pair() : [];
  readonly packet = this.packets[0] as UnixSeqpacket;
  listener!: UnixListener;

  static async make(): Promise<World> {
    const world = new World();
    world.listener = await UnixListener.bind(world.path);
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sockets = [...this.streams, ...this.datagrams, ...this.packets, this.listener];
    await Promise.all(sockets.map((socket) => socket.close()));
    this.scratch[Symbol.dispose]();
  }
}

describe.each(makers)('a signal of %s', (_, make) => {
  test.each(waits)('ends: %s', async (_name, wait) => {
    await using world = await World.make();
    const signal = make();
    const waiting = wait(signal, world);
    waiting.catch(() => {});
    await expect.poll(() => signal.listeners.size).toBe(1);
    signal.abort();
    const error = await waiting.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    expect((error as Error).cause).toBe(undefined);
    expect(signal.listeners.size).toBe(0);
    // Aborted before.
    await expect(wait(signal, world)).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });

  test('is let go once a wait has ended otherwise', async () => {
    await using world = await World.make();
    const signal = make();
    const [a, b] = world.streams;
    const read = a.read(null, { signal });
    expect(signal.listeners.size).toBe(1);
    await b.write('x');
    await read;
    const accepted = world.listener.accept({ signal });
    await (await UnixStream.connect(world.path, { signal })).close();
    await (await accepted).close();
    expect(signal.listeners.size).toBe(0);
  });

  test('destroys a Socket of afunix/net', async () => {
    await using world = await World.make();
    const signal = make();
    const socket = connect({ path: world.path, signal });
    await once(socket, 'connect');
    const failed = once(socket, 'error');
    signal.abort();
    expect((await failed)[0]).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
    expect(socket.destroyed).toBe(true);
    await expect.poll(() => signal.listeners.size).toBe(0);
    const duplex = world.stream.toDuplex({ signal: make() });
    duplex.destroy();
  });

  test('closes a Server, a dgram Socket and a barrier', async () => {
    using scratch = new Scratch();
    const signal = make();
    const server = createServer().listen({ path: scratch.path(), signal });
    const socket = createSocket({ type: 'unix_dgram', signal });
    expect(signal.listeners.size).toBe(2);
    const closed = Promise.all([once(server, 'close'), once(socket, 'close')]);
    signal.abort();
    await closed;
    expect(signal.listeners.size).toBe(0);
    await expect(barrier({ signal })).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });
});

test('what is no signal is refused everywhere', async () => {
  await using world = await World.make();
  const refused = { code: 'ERR_INVALID_ARG_TYPE' };
  for (const signal of nothing as AbortSignal[]) {
    for (const [, wait] of waits) {
      await expect((async () => wait(signal, world))()).rejects.toMatchObject(refused);
    }
    await expect(barrier({ signal })).rejects.toMatchObject(refused);
    const path = world.scratch.path('server');
    expect(codeOf(() => createServer().listen({ path, signal }))).toBe(refused.code);
    expect(codeOf(() => createSocket({ type: 'unix_dgram', signal }))).toBe(refused.code);
    if (signal !== null) expect(codeOf(() => new Socket({ signal }))).toBe(refused.code);
  }
  new Socket({ signal: bad(null) }).destroy(); // as in node:net
});

describe('bytes of another realm', () => {
  const foreign = (text: string): Uint8Array =>
    runInNewContext('Uint8Array').from(Buffer.from(text));
  const memory = (length: number): Uint8Array => runInNewContext(`new Uint8Array(${length})`);

  test('are an address', async () => {
    using scratch = new Scratch();
    const path = scratch.path();
    expect(foreign(path)).not.toBeInstanceOf(Uint8Array);
    expect(`${UnixAddress.from(foreign(path))}`).toBe(path);
    expect(`${UnixAddress.pathname(foreign(path))}`).toBe(path);
    expect(UnixAddress.abstract(foreign('a\0b')).bytes.toString()).toBe('\0a\0b');
    expect(UnixAddress.from(foreign('\0name')).kind).toBe('abstract');

    await using receiver = await UnixDatagram.bind(foreign(path));
    await using sender = UnixDatagram.unbound();
    await sender.send(foreign('one'), { to: foreign(path) });
    await sender.sendMany([{ data: foreign('two'), to: foreign(path) }]);
    sender.connect(foreign(path));
    await sender.send('three');
    const texts = [];
    while (texts.length < 3) texts.push(`${(await receiver.receive()).data}`);
    expect(texts).toEqual(['one', 'two', 'three']);
  });

  test('are an address for afunix/net, and its memory', async () => {
    using scratch = new Scratch();
    const path = scratch.path();
    const server = createServer((socket) => socket.end(foreign('said'))).listen(foreign(path));
    await once(server, 'listening');
    const buffer = memory(16);
    const socket = connect({
      path: foreign(path),
      onread: { buffer: () => buffer, callback: (length) => socket.emit('text', length) },
    });
    const [length] = await once(socket, 'text');
    expect(Buffer.from(buffer).toString('utf8', 0, length)).toBe('said');
    socket.destroy();
    server.close();
    await once(server, 'close');
  });

  test('are an address for afunix/dgram', async () => {
    using scratch = new Scratch();
    const path = scratch.path();
    const socket = createSocket('unix_dgram').bind(foreign(path));
    await once(socket, 'listening');
    const sender = createSocket('unix_dgram');
    const message = once(socket, 'message');
    sender.send(foreign('text'), foreign(path));
    expect(`${(await message)[0]}`).toBe('text');
    socket.close();
    sender.close();
  });

  test('are memory to read into, and data to write', async () => {
    const [a, b] = UnixStream.pair();
    await a.write([foreign('wri'), foreign('tten')]);
    const buffer = memory(16);
    expect(`${await b.read(buffer)}`).toBe('written');
    expect(buffer[0]).toBe('w'.charCodeAt(0));
    await Promise.all([a.close(), b.close()]);
  });

  test('are both for afunix/raw', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const path = scratch.path();
    const receiver = fds.bound(raw.SOCK_DGRAM, foreign(path));
    const sender = fds.socket(raw.SOCK_DGRAM);
    raw.sendto(sender, foreign('one'), 0, foreign(path));
    raw.sendmsg(sender, { data: foreign('two'), address: foreign(path) });
    for (const text of ['one', 'two']) {
      const buffer = memory(8);
      expect(raw.recv(receiver, buffer)).toBe(3);
      expect(Buffer.from(buffer).toString('utf8', 0, 3)).toBe(text);
    }
  });
});
