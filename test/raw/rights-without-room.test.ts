// Less room than the control messages need: those descriptors that fit arrive, and the message says
// controlTruncated.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors, openDescriptors } from '../helpers/descriptors.js';
import { Descriptors, everyType, onLinux } from '../helpers/raw-sockets.js';

describe.runIf(onLinux).each(everyType)('%s', (_, type) => {
  checkDescriptors();

  test.each([
    [0, 0],
    [1, 0],
    [16, 0],
    [20, 1], // a header of 16 bytes and one descriptor
    [24, 2],
    [27, 2],
    [28, 3],
  ])('room of %i bytes for 3 descriptors: %i arrive', (controlLength, count) => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.sendmsg(first, { data: 'x', rights: [0, 1, 2] });
    const before = openDescriptors().size;
    const message = raw.recvmsg(second, { buffers: Buffer.alloc(1), controlLength });
    fds.ownAll(message.rights);
    expect(message.rights.length).toBe(count);
    expect(openDescriptors().size).toBe(before + count);
    expect(message.controlTruncated).toBe(count < 3);
    expect(message.length).toBe(1);
  });

  test('recvmmsg: the same room for each', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    for (let i = 0; i < 2; i += 1) raw.sendmsg(first, { data: 'x', rights: [0, 1, 2] });
    const received = raw.recvmmsg(second, [Buffer.alloc(1), Buffer.alloc(1)], 0, {
      controlLength: 24,
    });
    for (const { rights } of received) fds.ownAll(rights);
    expect(
      received.map(({ rights, controlTruncated }) => [rights.length, controlTruncated]),
    ).toEqual([
      [2, true],
      [2, true],
    ]);
  });

  test('no room, and none needed: nothing is truncated', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.send(first, 'x');
    const message = raw.recvmsg(second, { buffers: Buffer.alloc(1), controlLength: 0 });
    expect(message.controlTruncated).toBe(false);
  });
});
