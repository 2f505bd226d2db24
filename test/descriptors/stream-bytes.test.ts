// Descriptors ride on the first byte of their write, and stay with the bytes they came with.
import { UnixStream } from 'afunix';
import { expect, test } from 'vitest';
import { checkDescriptors, openDescriptors } from '../helpers/descriptors.js';

checkDescriptors();

async function withPair(
  body: (first: UnixStream, second: UnixStream) => Promise<void>,
  maxFds = 4,
): Promise<void> {
  const [first, second] = UnixStream.pair({ maxFds });
  await body(first, second);
  await first.close();
  await second.close();
}

test('a write that goes in parts sends them once', () =>
  withPair(async (first, second) => {
    const data = Buffer.alloc(3 << 20, 'x');
    const sent = first.write(data, { fds: [0, 1] });
    const counts: number[] = [];
    let received = 0;
    let parts = 0;
    while (received < data.length) {
      const message = await second.receive();
      received += message?.data.length ?? 0;
      parts++;
      if (message?.fds.length) counts.push(message.fds.length);
      for (const fd of message?.fds ?? []) fd.close();
    }
    await sent;
    expect(parts).toBeGreaterThan(3);
    expect(counts).toEqual([2]);
  }));

test('so does one of thousands of pieces, the first of them empty', () =>
  withPair(async (first, second) => {
    const pieces = Array.from({ length: 5000 }, (_, i) => (i < 1500 ? '' : 'x'));
    const sent = first.write(pieces, { fds: [0] });
    let received = 0;
    let count = 0;
    while (received < 3500) {
      const message = await second.receive();
      received += message?.data.length ?? 0;
      count += message?.fds.length ?? 0;
      for (const fd of message?.fds ?? []) fd.close();
    }
    await sent;
    expect([received, count]).toEqual([3500, 1]);
  }));

test('no byte to ride on: refused', () =>
  withPair(async (first) => {
    for (const data of ['', [], ['', Buffer.alloc(0)]]) {
      await expect(first.write(data, { fds: [0] })).rejects.toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
      });
    }
  }));

test('bytes before merge with them, bytes after do not', () =>
  withPair(async (first, second) => {
    await first.write('a');
    await first.write('b', { fds: [0] });
    await first.write('c');
    await first.write('d', { fds: [0, 1] });
    await first.write('e', { fds: [0] });
    const read: [string, number][] = [];
    for (let i = 0; i < 3; i++) {
      const message = await second.receive();
      read.push([String(message?.data), message?.fds.length ?? 0]);
      for (const fd of message?.fds ?? []) fd.close();
    }
    expect(read).toEqual([
      ['ab', 1],
      ['cd', 2],
      ['e', 1],
    ]);
  }));

test('read() never drops them: it rejects, and receive() has both', () =>
  withPair(async (first, second) => {
    for (const buffer of [null, Buffer.alloc(1), Buffer.alloc(100)]) {
      await first.write('plain');
      expect(String(await second.read())).toBe('plain');
      const waiting = second.read(buffer);
      await first.write('xyz', { fds: [0, 1] });
      await expect(waiting).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
      await expect(second.read(buffer)).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
      const message = await second.receive();
      expect([String(message?.data), message?.fds.length]).toEqual(['xyz', 2]);
      for (const fd of message?.fds ?? []) fd.close();
    }
  }));

test('read() rejects as well when they were lost over maxFds', () =>
  withPair(async (first, second) => {
    await first.write('x', { fds: [0, 1] });
    await expect(second.read()).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    const message = await second.receive();
    expect([message?.fds.length, message?.controlTruncated]).toEqual([1, true]);
    for (const fd of message?.fds ?? []) fd.close();
  }, 1));

test('those that read() met are closed with the socket', () =>
  withPair(async (first, second) => {
    await first.write('x', { fds: [0, 1] });
    const before = openDescriptors().size;
    await expect(second.read()).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    expect(openDescriptors().size).toBe(before + 2);
    await second.close();
    expect(openDescriptors().size).toBe(before - 1);
  }));

test('after shutdown, with the last bytes', () =>
  withPair(async (first, second) => {
    await first.write('last', { fds: [0] });
    first.shutdown('write');
    const message = await second.receive();
    expect([String(message?.data), message?.fds.length]).toEqual(['last', 1]);
    for (const fd of message?.fds ?? []) fd.close();
    expect(await second.receive()).toBe(null);
  }));
