// The peer of a connected datagram socket is gone: ECONNREFUSED once, then there is no peer.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

describe.runIf(onLinux)('a dead peer', () => {
  checkDescriptors();

  test('that was bound', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const receiver = fds.bound(raw.SOCK_DGRAM, scratch.path());
    const sender = fds.connected(raw.SOCK_DGRAM, scratch.path());
    fds.close(receiver);
    expect(codeOf(() => raw.send(sender, 'x'))).toBe('ECONNREFUSED');
    expect(codeOf(() => raw.send(sender, 'x'))).toBe('ENOTCONN');
  });

  test('of a pair gives no end of data', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(raw.SOCK_DGRAM);
    fds.close(second);
    expect(codeOf(() => raw.recv(first, Buffer.alloc(1)))).toBe('EAGAIN');
    expect(codeOf(() => raw.send(first, 'x'))).toBe('ECONNREFUSED');
    expect(codeOf(() => raw.send(first, 'x'))).toBe('ENOTCONN');
  });
});
