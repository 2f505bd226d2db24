// `receive({ buffer })` puts a message into the caller's memory.
import { openSync } from 'node:fs';
import {
  FileDescriptor,
  type Message,
  UnixDatagram,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { describe, expect, test } from 'vitest';
import {
  isUntouched,
  kinds,
  memoryOf,
  type Pair,
  resizable,
  textOf,
  withPair,
} from '../helpers/caller-memory.js';
import { checkDescriptors } from '../helpers/descriptors.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

checkDescriptors();

/** Has a call wait for the message, or not. */
const times = [
  ['that is there', false],
  ['that is waited for', true],
] as const;

describe.each(kinds)('%s', (_kind, make) => {
  describe.each(times)('a message %s', (_when, waits) => {
    /** Sends `data`, and receives it with these options. */
    async function pass(
      sender: Pair[0],
      receiver: Pair[1],
      data: Uint8Array | string,
      options: Parameters<Pair[1]['receive']>[0],
    ): Promise<Message> {
      if (!waits) await sender.send(data);
      const receiving = receiver.receive(options);
      if (waits) await sender.send(data);
      return (await receiving) as Message;
    }

    test.each([0, 1, 4096, 4097, 100_000])('of %d bytes', async (size) => {
      await withPair(make, {}, async (sender, receiver) => {
        const sent = Buffer.alloc(size, 'm');
        const memory = memoryOf(size + 100);
        const buffer = memory.subarray(10, size + 20);
        const { data, truncated, size: whole } = await pass(sender, receiver, sent, { buffer });
        expect([data.length, data.buffer, data.byteOffset]).toEqual([size, memory.buffer, 10]);
        expect([data.equals(sent), truncated, whole]).toEqual([true, false, size]);
        expect(isUntouched(memory.subarray(0, 10))).toBe(true);
        expect(isUntouched(memory.subarray(size + 10))).toBe(true);
      });
    });

    test('that is longer is cut, and the next one is whole', async () => {
      await withPair(make, {}, async (sender, receiver) => {
        const memory = memoryOf(8);
        const buffer = memory.subarray(0, 3);
        const cut = await pass(sender, receiver, 'longer', { buffer });
        expect([textOf(cut), cut.truncated, cut.size]).toEqual(['lon', true, 6]);
        expect(isUntouched(memory.subarray(3))).toBe(true);
        const none = await pass(sender, receiver, 'x', { buffer: new Uint8Array(0) });
        expect([none.data.length, none.truncated, none.size]).toEqual([0, true, 1]);
        expect(textOf(await pass(sender, receiver, 'next', { buffer: memory }))).toBe('next');
        expect(textOf(await pass(sender, receiver, 'plain, longer', {}))).toBe('plain, longer');
      });
    });

    test('maxMessageSize holds', async () => {
      await withPair(make, { maxMessageSize: 2 }, async (sender, receiver) => {
        const buffer = memoryOf(8);
        const cut = await pass(sender, receiver, 'longer', { buffer });
        expect([textOf(cut), cut.truncated, cut.size]).toEqual(['lo', true, 6]);
        expect(isUntouched(buffer.subarray(2))).toBe(true);
      });
    });

    test.each<[string, ArrayBufferView]>([
      ['a Buffer', Buffer.alloc(4)],
      ['a DataView', new DataView(new ArrayBuffer(8), 2, 4)],
      ['a Uint16Array', new Uint16Array(2)],
      ['a view of a SharedArrayBuffer', new Uint8Array(new SharedArrayBuffer(8), 4)],
      ['a view of a resizable ArrayBuffer', new Uint8Array(resizable(8), 4)],
    ])('in %s', async (_what, view) => {
      await withPair(make, {}, async (sender, receiver) => {
        const buffer = view as Uint8Array;
        const { data } = await pass(sender, receiver, 'four', { buffer });
        expect([String(data), data.buffer, data.byteOffset]).toEqual([
          ...['four', view.buffer, view.byteOffset],
        ]);
        expect(String(Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, 4))).toBe('four');
      });
    });

    test('with descriptors, and with more of them than it may bring', async () => {
      await withPair(make, { maxFds: 1 }, async (sender, receiver) => {
        using file = new FileDescriptor(openSync('/dev/null', 'r'));
        for (const fds of [[file], [file, file]]) {
          const buffer = memoryOf(8);
          const receiving = waits ? receiver.receive({ buffer }) : undefined;
          await sender.send('fds', { fds });
          const message = await (receiving ?? receiver.receive({ buffer }));
          expect([textOf(message), message?.fds.length]).toEqual(['fds', 1]);
          expect(message?.controlTruncated).toBe(fds.length > 1);
          expect(message?.fds[0]?.kind).toBe('character');
          message?.fds[0]?.close();
        }
      });
    });

    test('that is peeked at is left', async () => {
      await withPair(make, {}, async (sender, receiver) => {
        const [first, second] = [memoryOf(8), memoryOf(8)];
        const peeked = await pass(sender, receiver, 'one', { buffer: first, peek: true });
        expect(textOf(peeked)).toBe('one');
        expect(textOf(await receiver.receive({ buffer: second }))).toBe('one');
        expect(receiver.tryReceive()).toBe(undefined);
      });
    });
  });

  test.each<[string, unknown, string]>([
    ['a string', 'memory', 'ERR_INVALID_ARG_TYPE'],
    ['a number', 8, 'ERR_INVALID_ARG_TYPE'],
    ['null', null, 'ERR_INVALID_ARG_TYPE'],
    ['an ArrayBuffer', new ArrayBuffer(8), 'ERR_INVALID_ARG_TYPE'],
    ['an array of views', [new Uint8Array(8)], 'ERR_INVALID_ARG_TYPE'],
  ])('%s is no memory', async (_what, buffer, code) => {
    await withPair(make, {}, async (_sender, receiver) => {
      const options = { buffer } as never;
      await expect(receiver.receive(options)).rejects.toMatchObject({ code });
      expect(() => receiver.tryReceive(options)).toThrow(expect.objectContaining({ code }));
    });
  });
});

test('the sender’s address comes as ever', async () => {
  using scratch = new Scratch();
  await using receiver = await UnixDatagram.bind(scratch.path());
  await using sender = await UnixDatagram.bind(scratch.path('sender'));
  for (const waits of [false, true]) {
    for (const buffer of [memoryOf(2), memoryOf(5000)]) {
      const receiving = waits ? receiver.receive({ buffer }) : undefined;
      await sender.send(Buffer.alloc(4500), { to: scratch.path() });
      const { from } = await (receiving ?? receiver.receive({ buffer }));
      expect(from.path).toBe(scratch.path('sender'));
    }
  }
});

test.runIf(hasSeqpacket)('the end of a connection is null, for all calls that wait', async () => {
  for (const waits of [true, false]) {
    const [sender, receiver] = UnixSeqpacket.pair();
    const [one, two] = [memoryOf(8), memoryOf(8)];
    const call = (): Promise<Message | null>[] => [
      ...[receiver.receive({ buffer: one }), receiver.receive({ buffer: two }), receiver.receive()],
    ];
    const waiting = waits ? call() : [];
    await sender.send('');
    await sender.close();
    const [empty, ...ended] = await Promise.all(waits ? waiting : call());
    expect([empty?.data.length, ended]).toEqual([0, [null, null]]);
    expect(receiver.tryReceive({ buffer: one })).toBe(null);
    await receiver.close();
  }
});

test.runIf(hasSeqpacket)('the connections of a listener have its maxMessageSize', async () => {
  using scratch = new Scratch();
  const options = { maxMessageSize: 2 };
  await using listener = await UnixSeqpacketListener.bind(scratch.path(), options);
  await using client = await UnixSeqpacket.connect(scratch.path());
  await using accepted = await listener.accept();
  await client.send('longer');
  expect(textOf(await accepted.receive({ buffer: memoryOf(8) }))).toBe('lo');
  await using adopted = UnixSeqpacketListener.fromFd(listener.detach(), { maxMessageSize: 3 });
  await using second = await UnixSeqpacket.connect(scratch.path());
  await using connection = await adopted.accept();
  await second.send('longer');
  expect(textOf(await connection.receive())).toBe('lon');
});

test('a stream has read(buffer) for that', async () => {
  const [one, other] = UnixStream.pair();
  const call = other.receive({ buffer: memoryOf(8) } as never);
  await expect(call).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  await one.close();
  await other.close();
});
