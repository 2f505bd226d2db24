// Memory that JavaScript gives away: nothing is written there any more, and no other message is affected.
import { Buffer } from 'node:buffer';
import { ReadableStream } from 'node:stream/web';
import { MessageChannel } from 'node:worker_threads';
import { UnixDatagram, UnixSeqpacket, UnixStream } from 'afunix';
import { connect, createServer, type Socket } from 'afunix/net';
import { describe, expect, test } from 'vitest';
import { Child } from '../helpers/children.js';
import { Scratch } from '../helpers/scratch.js';

const ways: [string, (data: Buffer) => void][] = [
  ['structuredClone', (data) => structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })],
  [
    'postMessage',
    (data) => {
      const { port1, port2 } = new MessageChannel();
      port1.postMessage(data, [data.buffer as ArrayBuffer]);
      port1.close();
      port2.close();
    },
  ],
  [
    'a stream of bytes',
    (data) => {
      new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(data) });
    },
  ],
  [
    'ArrayBuffer.transfer',
    (data) => {
      const buffer = data.buffer as ArrayBuffer & { transfer?: () => void };
      // Node.js 22 and newer.
      if (buffer.transfer === undefined) structuredClone(buffer, { transfer: [buffer] });
      else buffer.transfer();
    },
  ],
];

/** Two of small messages, whose bytes V8 keeps in the object, and of what has an ArrayBuffer. */
const sizes = [1, 64, 65, 3000, 4096, 4097, 20_000, 60_000];
const bytesOf = (size: number): Buffer => Buffer.alloc(size, size % 251);

describe.each(ways)('%s', (_, transfer) => {
  test.each([
    ['datagram', () => UnixDatagram.pair()],
    ['seqpacket', () => UnixSeqpacket.pair()],
  ])('%s: those received before, with and after it stay whole', async (_type, make) => {
    const [sender, receiver] = make();
    const got: Buffer[] = [];
    for (let round = 0; round < 3; round++) {
      for (const size of sizes) await sender.send(bytesOf(size));
      for (const size of sizes) {
        const message = await receiver.receive();
        const data = message?.data as Buffer;
        expect(data.equals(bytesOf(size))).toBe(true);
        if (round === 1) {
          transfer(data);
          expect(data.length).toBe(0);
        } else {
          got.push(data);
        }
      }
    }
    for (const [index, data] of got.entries()) {
      expect(data.equals(bytesOf(sizes[index % sizes.length] as number))).toBe(true);
    }
    expect(new Set(got.map(({ buffer }) => buffer)).size).toBe(got.length);
    await sender.close();
    await receiver.close();
  });

  test.each([
    ['datagram', () => UnixDatagram.pair()],
    ['seqpacket', () => UnixSeqpacket.pair()],
  ])('%s: one that was peeked at stays whole', async (_type, make) => {
    const [sender, receiver] = make();
    for (const size of sizes) {
      const first = receiver.receive();
      const peeked = receiver.receive({ peek: true }); // of what first's wake-up brings as well
      await sender.send('first');
      await sender.send(bytesOf(size));
      expect((await first)?.data.toString()).toBe('first');
      const data = (await peeked)?.data as Buffer;
      expect(data.equals(bytesOf(size))).toBe(true);
      transfer(data);
      expect(data.length).toBe(0);
      expect((await receiver.receive())?.data.equals(bytesOf(size))).toBe(true);
    }
    await sender.close();
    await receiver.close();
  });

  test('messages of one wake-up, and their senders’ addresses', async () => {
    using scratch = new Scratch();
    const receiver = await UnixDatagram.bind(scratch.path('receiver'));
    const sender = await UnixDatagram.bind(scratch.path('sender'));
    const to = receiver.localAddress as NonNullable<typeof receiver.localAddress>;
    await sender.sendMany(sizes.map((size) => ({ data: bytesOf(size), to })));
    const messages = await new Promise<Awaited<ReturnType<typeof receiver.receive>>[]>((resolve) =>
      receiver.onMessages(resolve),
    );
    expect(messages.length).toBeGreaterThan(2);
    const [first, ...rest] = messages;
    transfer(first?.data as Buffer);
    for (const [index, { data }] of rest.entries()) {
      expect(data.equals(bytesOf(sizes[index + 1] as number))).toBe(true);
    }
    for (const { from } of messages) expect(from.path).toBe(scratch.path('sender'));
    await sender.close();
    await receiver.close();
  });

  test('reads of a stream stay whole, and other streams go on', async () => {
    const [one, other] = UnixStream.pair();
    const [stranger, strange] = UnixStream.pair();
    const kept: Buffer[] = [];
    for (const size of sizes) {
      await one.write(bytesOf(size));
      transfer((await other.read()) as Buffer);
      await stranger.write(bytesOf(size));
      kept.push((await strange.read()) as Buffer);
    }
    expect(kept.map((data, index) => data.equals(bytesOf(sizes[index] as number)))).toEqual(
      sizes.map(() => true),
    );
    for (const stream of [one, other, stranger, strange]) await stream.close();
  });

  test('lent messages: the next ones come all the same, and are not written there', async () => {
    const [sender, receiver] = UnixDatagram.pair();
    const got: string[] = [];
    let view: Buffer | undefined;
    receiver.onMessages(
      (messages) => {
        for (const { data } of messages) got.push(String(data));
        if (view !== undefined) return;
        view = messages[0]?.data as Buffer;
        // From Node.js 24 on nothing takes it away, before that some ways do.
        try {
          transfer(view);
        } catch {}
      },
      { reuse: true },
    );
    for (const text of ['first', 'second', 'third']) {
      await sender.send(text);
      await expect.poll(() => got.at(-1)).toBe(text);
    }
    expect(got).toEqual(['first', 'second', 'third']);
    await sender.close();
    await receiver.close();
  });
});

test('behind a read of a stream nothing is left of other connections', async () => {
  const [one, other] = UnixStream.pair();
  const [stranger, strange] = UnixStream.pair();
  await stranger.write(Buffer.alloc(16_000, 's'));
  await strange.read();
  await stranger.write(Buffer.alloc(60_000, 's'));
  await strange.read();
  await stranger.write(Buffer.alloc(16_000, 's'));
  await strange.read();
  await one.write(Buffer.alloc(16_385, 'x'));
  const data = (await other.read()) as Buffer;
  const whole = Buffer.from(data.buffer);
  expect(whole.subarray(0, 16_385).equals(Buffer.alloc(16_385, 'x'))).toBe(true);
  expect(whole.subarray(16_385).every((byte) => byte === 0)).toBe(true);
  for (const stream of [one, other, stranger, strange]) await stream.close();
});

test('a thousand transfers among twenty sockets, with garbage collected: no crash, no foreign byte', async () => {
  await using child = Child.fixture('transfers.mjs');
  expect(JSON.parse(await child.succeeds())).toEqual({ transferred: 1000, wrong: 0 });
}, 60_000);

test('the memory that the addon describes messages in is detached: an error before anything is received', async () => {
  await using child = Child.fixture('detached-slab.mjs');
  expect(JSON.parse(await child.succeeds())).toEqual({
    codes: ['ENOMEM', 'ENOMEM', 'ENOMEM'],
    readable: [5, 5, 5],
  });
});

type Resizable = ArrayBuffer & { resize(length: number): void };
const resizable = (length: number): Resizable =>
  new (ArrayBuffer as unknown as new (length: number, options: object) => Resizable)(length, {
    maxByteLength: 1 << 16,
  });

describe.each([0, 1])('read(buffer) of a socket with maxFds %d, while it waits', (maxFds) => {
  test.each<[string, () => [Uint8Array, () => void]]>([
    [
      'the buffer is detached',
      () => {
        const memory = new Uint8Array(16);
        return [memory, () => structuredClone(memory.buffer, { transfer: [memory.buffer] })];
      },
    ],
    [
      'the buffer shrinks',
      () => {
        const buffer = resizable(32);
        return [new Uint8Array(buffer, 16, 16), () => buffer.resize(8)];
      },
    ],
  ])('%s: it rejects, and the bytes are the next read’s', async (_, make) => {
    const [one, other] = UnixStream.pair({ maxFds });
    const [memory, lose] = make();
    const reading = other.read(memory);
    lose();
    await one.write('not lost');
    await expect(reading).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    expect(String(await other.read())).toBe('not lost');
    await one.close();
    await other.close();
  });
});

test('onread.buffer is detached between two reads: an error, not an end', async () => {
  using scratch = new Scratch();
  const memory = new Uint8Array(16);
  const server = createServer().listen(scratch.path('server'));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const events: string[] = [];
  const socket = connect({
    path: scratch.path('server'),
    onread: {
      buffer: memory,
      callback(bytes) {
        events.push(`read ${bytes}`);
        structuredClone(memory.buffer, { transfer: [memory.buffer] });
        return true;
      },
    },
  });
  socket.on('end', () => events.push('end'));
  socket.on('error', (error: NodeJS.ErrnoException) => events.push(error.code as string));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const peer = await accepted;
  peer.on('error', () => {});
  peer.write('one');
  await expect.poll(() => events).toEqual(['read 3']);
  peer.write('two');
  await closed;
  expect(events).toEqual(['read 3', 'ERR_INVALID_STATE']);
  peer.destroy();
  server.close();
});

test('a view that its buffer is too short for by now is no data', async () => {
  const [one, other] = UnixDatagram.pair();
  const buffer = resizable(32);
  const views = [new Uint8Array(buffer, 16, 16), new DataView(buffer, 16, 16)];
  buffer.resize(8);
  for (const view of views) {
    await expect(one.send(view)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  }
  expect(other.bytesReadable).toBe(0);
  await one.close();
  await other.close();
});
