import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, connectionTypes, Descriptors, onLinux, receive } from '../helpers/raw-sockets.js';

describe.each(connectionTypes)('%s', (_, type) => {
  checkDescriptors();

  test('SHUT_WR: the peer sees the end, and may still talk', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.send(first, 'x');
    raw.shutdown(first, raw.SHUT_WR);
    expect(codeOf(() => raw.send(first, 'y'))).toBe('EPIPE');
    expect(receive(second).data).toBe('x');
    expect(receive(second).length).toBe(0);
    raw.send(second, 'answer');
    expect(receive(first).data).toBe('answer');
  });

  test('SHUT_RD: the end here, EPIPE at the peer', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.shutdown(first, raw.SHUT_RD);
    expect(receive(first).length).toBe(0);
    expect(codeOf(() => raw.send(second, 'x'))).toBe('EPIPE');
  });

  test('SHUT_RDWR', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.shutdown(first, raw.SHUT_RDWR);
    expect(receive(first).length).toBe(0);
    expect(receive(second).length).toBe(0);
  });

  test('another number: EINVAL', () => {
    using fds = new Descriptors();
    const [first] = fds.pair(type);
    expect(codeOf(() => raw.shutdown(first, 3))).toBe('EINVAL');
    expect(codeOf(() => raw.shutdown(first, -1))).toBe('EINVAL');
  });
});

test.runIf(onLinux)('a socket without a peer may be shut down, though POSIX says ENOTCONN', () => {
  using fds = new Descriptors();
  raw.shutdown(fds.socket(raw.SOCK_STREAM), raw.SHUT_RDWR);
});
