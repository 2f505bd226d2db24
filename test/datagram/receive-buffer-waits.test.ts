// While `receive({ buffer })` waits, its memory is JavaScript's: it may go, and nothing is written there then.
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { FileDescriptor, type Message, UnixDatagram } from 'afunix';
import { describe, expect, test } from 'vitest';
import {
  isUntouched,
  kinds,
  memoryOf,
  resizable,
  textOf,
  withPair,
} from '../helpers/caller-memory.js';
import { terminate } from '../helpers/children.js';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

describe.each(kinds)('%s', (_kind, make) => {
  test('calls that wait are served in order, each in its memory', async () => {
    await withPair(make, {}, async (sender, receiver) => {
      const memory = Array.from({ length: 3 }, () => memoryOf(8)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const calls = [
        ...[receiver.receive({ buffer: memory[0] }), receiver.receive()],
        ...[receiver.receive({ buffer: memory[1], peek: true }), receiver.receive({ peek: true })],
        ...[receiver.receive({ buffer: memory[2] }), receiver.receive()],
      ];
      for (const text of ['one', 'two', 'three', 'four']) await sender.send(text);
      const got = (await Promise.all(calls)).map(textOf);
      expect(got).toEqual(['one', 'two', 'three', 'three', 'three', 'four']);
      expect(memory.map((each) => String(Buffer.from(each)).replace(/\ufffd+$/, ''))).toEqual([
        ...['one', 'three', 'three'],
      ]);
    });
  });

  test.each<[string, () => [Uint8Array, () => void]]>([
    [
      'is detached',
      () => {
        const memory = memoryOf(16);
        return [memory, () => structuredClone(memory.buffer, { transfer: [memory.buffer] })];
      },
    ],
    [
      'shrinks',
      () => {
        const buffer = resizable(32);
        return [new Uint8Array(buffer, 16, 16), () => buffer.resize(8)];
      },
    ],
    [
      'shrinks to less than where a tracking view begins',
      () => {
        const buffer = resizable(32);
        return [new Uint8Array(buffer, 16), () => buffer.resize(8)];
      },
    ],
  ])('memory that %s: it rejects, and the message is the next call’s', async (_what, lose) => {
    await withPair(make, {}, async (sender, receiver) => {
      // Alone, before another call, behind one, and peeking.
      for (const [before, peek] of [
        [false, false],
        [true, false],
        [false, true],
      ] as const) {
        const [buffer, give] = lose();
        const first = before ? receiver.receive() : undefined;
        const receiving = receiver.receive({ buffer, peek });
        const next = receiver.receive();
        give();
        if (before) await sender.send('first');
        await sender.send('not lost');
        await expect(receiving).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
        if (before) expect(textOf(await first)).toBe('first');
        expect(textOf(await next)).toBe('not lost');
        expect(receiver.tryReceive()).toBe(undefined);
        expect(() => receiver.tryReceive({ buffer })).toThrow(
          expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
        );
      }
    });
  });

  test('memory that is lost when its message came with that of an earlier call', async () => {
    await withPair(make, {}, async (sender, receiver) => {
      const abort = new AbortController();
      const aborted = receiver.receive({ signal: abort.signal });
      const [kept, lost] = [memoryOf(8), memoryOf(8)];
      const calls = [receiver.receive(), receiver.receive({ buffer: kept })];
      const losing = receiver.receive({ buffer: lost });
      calls.push(receiver.receive());
      abort.abort(); // the event is armed anew, for the messages of all calls
      await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
      structuredClone(lost.buffer, { transfer: [lost.buffer] });
      for (const text of ['one', 'two', 'three']) await sender.send(text);
      await expect(losing).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
      expect((await Promise.all(calls)).map(textOf)).toEqual(['one', 'two', 'three']);
      expect((await calls[1])?.data.buffer).toBe(kept.buffer);
    });
  });

  test('memory that grows or shrinks with its view holds as much as it has by then', async () => {
    await withPair(make, {}, async (sender, receiver) => {
      const memory = resizable(8);
      const buffer = new Uint8Array(memory);
      for (const [length, expected] of [
        [3, 'lon'],
        [16, 'longer'],
        [0, ''],
      ] as const) {
        const receiving = receiver.receive({ buffer });
        memory.resize(length);
        await sender.send('longer');
        const message = (await receiving) as Message;
        expect([textOf(message), message.truncated]).toEqual([expected, expected !== 'longer']);
        memory.resize(8);
      }
    });
  });

  test('an aborted call takes nothing, and its memory is left alone', async () => {
    await withPair(make, {}, async (sender, receiver) => {
      const abort = new AbortController();
      const buffer = memoryOf(8);
      const aborted = receiver.receive({ buffer, signal: abort.signal });
      const next = receiver.receive();
      abort.abort();
      await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
      await sender.send('one');
      expect(textOf(await next)).toBe('one');
      // And the other way round.
      const again = new AbortController();
      const plain = receiver.receive({ signal: again.signal });
      const into = receiver.receive({ buffer: memoryOf(8) });
      again.abort();
      await expect(plain).rejects.toMatchObject({ name: 'AbortError' });
      await sender.send('two');
      expect(textOf(await into)).toBe('two');
      expect(isUntouched(buffer)).toBe(true);
    });
  });

  test('close() rejects the calls that wait, and later ones', async () => {
    await withPair(make, {}, async (_sender, receiver) => {
      const buffer = memoryOf(8);
      const receiving = receiver.receive({ buffer });
      await receiver.close();
      const closed = { code: 'ERR_SOCKET_CLOSED' };
      await expect(receiving).rejects.toMatchObject(closed);
      await expect(receiver.receive({ buffer })).rejects.toMatchObject(closed);
      expect(() => receiver.tryReceive({ buffer })).toThrow(expect.objectContaining(closed));
      expect(isUntouched(buffer)).toBe(true);
    });
  });

  test('what an iteration has received already is copied there', async () => {
    await withPair(make, { maxFds: 1 }, async (sender, receiver) => {
      using file = new FileDescriptor(openSync('/dev/null', 'r'));
      await sender.send('one');
      await sender.send('two', { fds: [file] });
      for (const text of ['three', 'four', 'five']) await sender.send(text);
      for await (const message of receiver) {
        expect(textOf(message)).toBe('one');
        break;
      }
      const buffer = memoryOf(4);
      for (const peek of [true, false]) {
        const message = await receiver.receive({ buffer, peek });
        expect([textOf(message), message?.data.buffer]).toEqual(['two', buffer.buffer]);
        expect(message?.fds[0]?.kind).toBe('character');
        message?.fds[0]?.close();
      }
      const lost = memoryOf(4);
      const cut = await receiver.receive({ buffer });
      expect([textOf(cut), cut?.truncated, cut?.size]).toEqual(['thre', true, 5]);
      const signal = AbortSignal.abort();
      await expect(receiver.receive({ buffer: lost, signal })).rejects.toThrow();
      expect(textOf(receiver.tryReceive({ buffer }))).toBe('four');
      expect(textOf(await receiver.receive({ buffer }))).toBe('five');
    });
  });

  test('tryReceive never waits', async () => {
    await withPair(make, {}, async (sender, receiver) => {
      const buffer = memoryOf(8);
      expect(receiver.tryReceive({ buffer })).toBe(undefined);
      await sender.send('one');
      expect(textOf(receiver.tryReceive({ buffer, peek: true }))).toBe('one');
      expect(textOf(receiver.tryReceive({ buffer }))).toBe('one');
      const receiving = receiver.receive({ buffer });
      expect(receiver.tryReceive({ buffer: memoryOf(8) })).toBe(undefined);
      await sender.send('two');
      expect(textOf(await receiving)).toBe('two');
    });
  });

  test('a call that waits is served before onMessages', async () => {
    await withPair(make, {}, async (sender, receiver) => {
      const buffer = memoryOf(8);
      const receiving = receiver.receive({ buffer });
      const got: string[] = [];
      receiver.onMessages((messages: Message[]) => got.push(...messages.map(textOf)), {
        reuse: true,
      });
      await sender.send('one');
      await sender.send('two');
      const message = await receiving;
      expect([textOf(message), message?.data.buffer]).toEqual(['one', buffer.buffer]);
      await expect.poll(() => got).toEqual(['two']);
    });
  });
});

test('a call that an error of the peer rejects leaves the message to the next one', async () => {
  using scratch = new Scratch();
  const bind = (name: string): Promise<UnixDatagram> => UnixDatagram.bind(scratch.path(name));
  await using receiver = await bind('receiver');
  await using peer = await bind('peer');
  await using other = await bind('other');
  for (const buffers of [
    [memoryOf(8), undefined],
    [undefined, memoryOf(8)],
  ]) {
    receiver.connect(scratch.path('peer'));
    peer.connect(scratch.path('receiver'));
    await receiver.send('unread');
    const calls = buffers.map((buffer) => receiver.receive(buffer === undefined ? {} : { buffer }));
    peer.connect(scratch.path('other')); // drops what it has not read
    receiver.trySend('x', { to: scratch.path('other') });
    await expect(calls[0]).rejects.toMatchObject({ code: 'ECONNRESET' });
    receiver.disconnect();
    await other.send('one', { to: scratch.path('receiver') });
    expect(textOf(await calls[1])).toBe('one');
    peer.disconnect();
  }
});

test('a worker that is terminated while calls wait', async () => {
  const [one, other] = UnixDatagram.pair();
  const shared = new SharedArrayBuffer(8);
  const code = `(async () => {
    const { UnixDatagram } = await import('afunix');
    const { workerData, parentPort } = require('node:worker_threads');
    globalThis.socket = UnixDatagram.fromFd(workerData.fd);
    for (const memory of [workerData.shared, new ArrayBuffer(8)]) {
      void socket.receive({ buffer: new Uint8Array(memory) });
    }
    parentPort.postMessage('waits');
  })()`;
  const workerData = { fd: other.detach().detach(), shared };
  const worker = new Worker(code, { eval: true, workerData });
  await once(worker, 'message');
  await terminate(worker);
  await expect(one.send('too late')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(new Uint8Array(shared)).toEqual(new Uint8Array(8));
  await one.close();
});
