// A peer that keeps up never makes anybody wait: all the same the loop has its turn. The peer here is a subscriber
// of the diagnostics channels, who takes what was sent before the sender knows that it has gone.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type AcceptEvent,
  type MessageEvent,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  type UnixSocket,
  UnixStream,
} from 'afunix';
import net from 'afunix/net';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { describeTypes } from '../helpers/pairs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

/** Takes what the sender of `to` sends, at once, and counts what was sent in each turn of the loop. */
class Taker implements Disposable {
  bytes = 0;
  /** The most bytes, and messages, that one turn sent. */
  most = 0;
  mostCalls = 0;
  #turn = 0;
  #calls = 0;
  readonly #to: UnixSocket;
  readonly #memory = Buffer.alloc(1 << 20);
  #immediate: NodeJS.Immediate;

  constructor(to: UnixSocket) {
    this.#to = to;
    subscribe('afunix:message', this.#take);
    this.#immediate = setImmediate(this.#nextTurn);
  }

  readonly #nextTurn = (): void => {
    this.#turn = this.#calls = 0;
    this.#immediate = setImmediate(this.#nextTurn);
  };

  readonly #take = (event: unknown): void => {
    const { direction, data } = event as MessageEvent;
    if (direction !== 'sent') return;
    this.bytes += data.length;
    this.#turn += data.length;
    this.#calls += 1;
    this.most = Math.max(this.most, this.#turn);
    this.mostCalls = Math.max(this.mostCalls, this.#calls);
    try {
      while (raw.recv(this.#to.fd, this.#memory) > 0);
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' });
    }
  };

  [Symbol.dispose](): void {
    clearImmediate(this.#immediate);
    unsubscribe('afunix:message', this.#take);
  }
}

/** Runs `step` until an immediate has run, but not more than 3,000 times. */
async function untilATurn(step: () => Promise<unknown>): Promise<void> {
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  for (let count = 0; !turned; count++) {
    expect(count).toBeLessThan(3000);
    await step();
  }
}

const MIB = 1 << 20;

describe('reading a stream', () => {
  const ways: [string, (stream: UnixStream) => () => Promise<unknown>][] = [
    ['read()', (stream) => () => stream.read()],
    ['read(buffer)', (stream) => () => stream.read(Buffer.alloc(4))],
    ['receive()', (stream) => () => stream.receive()],
    [
      'for await',
      (stream) => {
        const chunks = stream[Symbol.asyncIterator]();
        return () => chunks.next();
      },
    ],
    [
      'readable',
      (stream) => {
        const reader = stream.readable.getReader();
        return () => reader.read();
      },
    ],
  ];
  test.each(ways)('%s', async (_, way) => {
    const [reader, writer] = UnixStream.pair();
    const read = way(reader);
    await untilATurn(() => {
      raw.send(writer.fd, 'more');
      return read();
    });
    await reader.close();
    await writer.close();
  });

  test('many reads that wait', async () => {
    const [reader, writer] = UnixStream.pair();
    let turns = 0;
    const count = (): void => {
      turns += 1;
      immediate = setImmediate(count);
    };
    const reads = Array.from({ length: 1000 }, () => reader.read(Buffer.alloc(1)));
    let immediate = setImmediate(count);
    raw.send(writer.fd, Buffer.alloc(1000));
    await Promise.all(reads);
    clearImmediate(immediate);
    expect(turns).toBeGreaterThanOrEqual(2);
    await reader.close();
    await writer.close();
  });
});

describeTypes((type) => {
  test('sending a little, again and again', async () => {
    await using pair = type.pair();
    using _taker = new Taker(pair.second.socket);
    await untilATurn(() => pair.first.send('x'));
    await untilATurn(() => pair.first.send('x'));
  });

  test('sending much, again and again', async () => {
    await using pair = type.pair();
    using taker = new Taker(pair.second.socket);
    const data = Buffer.alloc(50_000);
    for (let count = 0; count < 400; count++) await pair.first.send(data);
    expect(taker.bytes).toBe(400 * data.length);
    expect(taker.most).toBeLessThanOrEqual(5 * MIB);
  });
});

describe('a large write', () => {
  test('of a stream', async () => {
    const [writer, reader] = UnixStream.pair();
    using taker = new Taker(reader);
    await writer.write(Buffer.alloc(8 * MIB));
    expect(taker.bytes).toBe(8 * MIB);
    expect(taker.most).toBeLessThanOrEqual(3 * MIB);
    await writer.close();
    await reader.close();
  });

  test('of many buffers, and many writes behind it', async () => {
    const [writer, reader] = UnixStream.pair();
    using taker = new Taker(reader);
    const first = writer.write(Array.from({ length: 3000 }, () => Buffer.alloc(2500)));
    const others = Array.from({ length: 100 }, () => writer.write('x'));
    await Promise.all([first, ...others]);
    expect(taker.bytes).toBe(3000 * 2500 + 100);
    expect(taker.most).toBeLessThanOrEqual(3 * MIB);
    expect(taker.mostCalls).toBeLessThanOrEqual(50);
    await writer.close();
    await reader.close();
  });

  test.each([
    ['one chunk', 1],
    ['many chunks', 64],
  ])('of a Socket of afunix/net: %s', async (_, chunks) => {
    const [stream, reader] = UnixStream.pair();
    using taker = new Taker(reader);
    const writer = stream.toDuplex();
    writer.cork();
    for (let count = 1; count < chunks; count++) writer.write(Buffer.alloc((8 * MIB) / chunks));
    const written = new Promise((resolve) =>
      writer.write(Buffer.alloc((8 * MIB) / chunks), resolve),
    );
    writer.uncork();
    await written;
    expect(taker.bytes).toBe(8 * MIB);
    expect(taker.most).toBeLessThanOrEqual(3 * MIB);
    writer.destroy();
    await reader.close();
  });

  // Only then the kernel takes so much in one call while nobody reads.
  const forces = process.getuid?.() === 0 && raw.SO_SNDBUFFORCE !== undefined;
  test.runIf(forces).each([
    ['one buffer', 1],
    ['many buffers', 16],
  ])('in one call: %s', async (_, count) => {
    const [writer, reader] = UnixStream.pair();
    raw.setsockopt(writer.fd, raw.SOL_SOCKET, raw.SO_SNDBUFFORCE, 64 * MIB);
    const sending = writer.write(
      Array.from({ length: count }, () => Buffer.alloc((8 * MIB) / count)),
    );
    expect(writer.stats().sent.bytes).toBeLessThanOrEqual(2 * MIB);
    await sending;
    expect(writer.stats().sent.bytes).toBe(8 * MIB);
    await writer.close();
    await reader.close();
  });
});

test('sendMany of thousands', async () => {
  const [sender, receiver] = UnixDatagram.pair();
  using taker = new Taker(receiver);
  await sender.sendMany(Array.from({ length: 6000 }, () => 'x'));
  expect(taker.bytes).toBe(6000);
  expect(taker.mostCalls).toBeLessThanOrEqual(2500);
  await untilATurn(() => sender.sendMany(['one', 'other']));
  await sender.close();
  await receiver.close();
});

const listeners = [
  { name: 'stream', type: raw.SOCK_STREAM, Listener: UnixListener, Connection: UnixStream },
  {
    name: 'seqpacket',
    type: raw.SOCK_SEQPACKET,
    Listener: UnixSeqpacketListener,
    Connection: UnixSeqpacket,
  },
].slice(0, hasSeqpacket ? 2 : 1);

describe.each(listeners)('accepting: $name', ({ type, Listener }) => {
  test.each(['accept() that never waits', 'many that wait'])('%s', async (way) => {
    using scratch = new Scratch();
    await using listener = await Listener.bind(scratch.path());
    let accepted = 0;
    const connect = (): void => {
      const client = raw.socket(raw.AF_UNIX, type);
      raw.connect(client, scratch.path());
      raw.close(client);
    };
    // As soon as one is accepted the next is there.
    const next = (event: unknown): void => {
      accepted += 1;
      (event as AcceptEvent & { socket: UnixSocket }).socket.close();
      connect();
    };
    subscribe('afunix:accept', next);
    try {
      if (way === 'many that wait') {
        let most = 0;
        let before = 0;
        const turn = (): void => {
          most = Math.max(most, accepted - before);
          before = accepted;
          immediate = setImmediate(turn);
        };
        const accepts = Array.from({ length: 2000 }, () => listener.accept());
        let immediate = setImmediate(turn);
        connect();
        await Promise.all(accepts);
        clearImmediate(immediate);
        most = Math.max(most, accepted - before);
        // 64 for each readable event; after some the socket yields and has another in the same turn.
        expect(most).toBeLessThan(1000);
      } else {
        connect();
        await untilATurn(() => listener.accept());
      }
    } finally {
      unsubscribe('afunix:accept', next);
    }
  });
});

test('accepting: net.Server', async () => {
  using scratch = new Scratch();
  let turned = false;
  const connect = (): void => {
    const client = raw.socket(raw.AF_UNIX, raw.SOCK_STREAM);
    raw.connect(client, scratch.path());
    raw.close(client);
  };
  let accepted = 0;
  const server = net.createServer((socket) => {
    socket.destroy();
    accepted += 1;
    if (accepted === 1) {
      setImmediate(() => {
        turned = true;
      });
    }
    if (turned || accepted > 1000) server.close();
    else connect();
  });
  await new Promise<void>((resolve) => server.listen(scratch.path(), resolve));
  connect();
  await new Promise((resolve) => server.once('close', resolve));
  expect(turned).toBe(true);
  expect(accepted).toBeLessThanOrEqual(1000);
});
