// SO_INQ (Linux 6.17): each receive on a stream tells how much is left.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, hasOption, onLinux, receive } from '../helpers/raw-sockets.js';

describe.runIf(onLinux && hasOption(raw.SOCK_STREAM, raw.SO_INQ))('SO_INQ', () => {
  checkDescriptors();

  test('on a stream', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(raw.SOCK_STREAM);
    raw.send(first, 'abcdef');
    expect(receive(second, 0, 1).inq).toBe(null);
    raw.setsockopt(second, raw.SOL_SOCKET, raw.SO_INQ, true);
    expect(receive(second, 0, 2)).toMatchObject({ data: 'bc', inq: 3 });
    expect(receive(second)).toMatchObject({ data: 'def', inq: 0 });
  });

  test('on no other type: ENOPROTOOPT', () => {
    using fds = new Descriptors();
    for (const type of [raw.SOCK_DGRAM, raw.SOCK_SEQPACKET]) {
      const fd = fds.socket(type);
      const set = (): void => raw.setsockopt(fd, raw.SOL_SOCKET, raw.SO_INQ, true);
      expect(codeOf(set)).toBe('ENOPROTOOPT');
    }
  });
});
