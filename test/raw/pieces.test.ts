// Scattered buffers: one message out of many pieces, and one into many.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, everyType, thrown } from '../helpers/raw-sockets.js';

describe.each(everyType)('%s', (_, type) => {
  checkDescriptors();

  test('strings and views of every kind, in order', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const bytes = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);
    const sent = raw.sendmsg(first, {
      buffers: [
        'é',
        bytes.subarray(2, 4),
        new DataView(bytes.buffer, 6),
        new Uint16Array(bytes.buffer, 0, 1),
        '',
        new Uint8ClampedArray([9]),
      ],
    });
    expect(sent).toBe(9);
    const [a, b, c] = [Buffer.alloc(3), Buffer.alloc(0), new Uint16Array(4)];
    const message = raw.recvmsg(second, [a, b, c]);
    expect(message.length).toBe(9);
    expect([...a]).toEqual([...Buffer.from('é'), 2]);
    expect([...new Uint8Array(c.buffer)]).toEqual([3, 6, 7, 0, 1, 9, 0, 0]);
  });

  test('1,024 pieces out and in', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const buffers = Array.from({ length: 1024 }, (_, i) => Buffer.from([i & 0xff]));
    expect(raw.sendmsg(first, { buffers })).toBe(1024);
    const into = Array.from({ length: 1024 }, () => Buffer.alloc(1));
    expect(raw.recvmsg(second, into).length).toBe(1024);
    expect(Buffer.concat(into)).toEqual(Buffer.concat(buffers));
  });

  test('1,025 are refused', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const buffers = Array(1025).fill(Buffer.alloc(1));
    const wrong = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
    expect(thrown(() => raw.sendmsg(first, { buffers }))).toMatchObject(wrong);
    expect(thrown(() => raw.sendmmsg(first, [{ buffers }]))).toMatchObject(wrong);
    expect(thrown(() => raw.recvmsg(second, buffers))).toMatchObject(wrong);
    expect(thrown(() => raw.recvmmsg(second, [buffers]))).toMatchObject(wrong);
  });

  test('only the view is filled, not the memory around it', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const memory = Buffer.from('..........');
    for (let i = 0; i < 3; i += 1) raw.send(first, 'xx');
    raw.recv(second, memory.subarray(0, 2));
    raw.recvfrom(second, new DataView(memory.buffer, memory.byteOffset + 4, 2));
    raw.recvmmsg(second, [memory.subarray(8, 10)]);
    expect(memory.toString()).toBe('xx..xx..xx');
  });

  test('shared memory', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const shared = new Uint8Array(new SharedArrayBuffer(4));
    shared.set([1, 2, 3, 4]);
    raw.send(first, shared.subarray(1, 3));
    raw.recv(second, shared.subarray(2));
    expect([...shared]).toEqual([1, 2, 2, 3]);
  });
});
