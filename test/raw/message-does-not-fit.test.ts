// A datagram or packet over the buffer is cut: the flags say so, and MSG_TRUNC tells its length.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, onLinux, receive } from '../helpers/raw-sockets.js';

describe.runIf(onLinux).each([
  ['datagram', raw.SOCK_DGRAM],
  ['seqpacket', raw.SOCK_SEQPACKET],
])('%s', (_, type) => {
  checkDescriptors();

  test('the rest is lost, and truncated tells', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.send(first, 'abcdef');
    raw.send(first, 'next');
    expect(receive(second, 0, 3)).toMatchObject({ length: 3, truncated: true, data: 'abc' });
    expect(receive(second, 0, 4)).toMatchObject({ length: 4, truncated: false, data: 'next' });
  });

  test('recvfrom tells, too', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.send(first, 'abcdef');
    expect(raw.recvfrom(second, Buffer.alloc(3))).toMatchObject({ length: 3, truncated: true });
  });

  test('MSG_TRUNC: recv, recvfrom and recvmsg return its length', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    for (let i = 0; i < 3; i += 1) raw.send(first, 'abcdef');
    expect(raw.recv(second, Buffer.alloc(3), raw.MSG_TRUNC)).toBe(6);
    expect(raw.recvfrom(second, Buffer.alloc(3), raw.MSG_TRUNC).length).toBe(6);
    expect(receive(second, raw.MSG_TRUNC, 3)).toMatchObject({ length: 6, data: 'abc' });
  });

  test('MSG_TRUNC | MSG_PEEK returns it and leaves the message', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.send(first, 'abcdef');
    expect(raw.recv(second, Buffer.alloc(0), raw.MSG_TRUNC | raw.MSG_PEEK)).toBe(6);
    expect(receive(second)).toMatchObject({ length: 6, data: 'abcdef' });
  });

  test('recvmmsg tells for each', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.send(first, 'ab');
    raw.send(first, 'abcdef');
    const received = raw.recvmmsg(second, [Buffer.alloc(3), Buffer.alloc(3)], raw.MSG_TRUNC);
    expect(received.map(({ length, truncated }) => [length, truncated])).toEqual([
      [2, false],
      [6, true],
    ]);
  });
});
