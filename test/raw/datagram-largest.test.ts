// Linux: a message takes SO_SNDBUF less 32 bytes at most; one byte more is EMSGSIZE.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux } from '../helpers/raw-sockets.js';

describe.runIf(onLinux).each([
  ['datagram', raw.SOCK_DGRAM],
  ['seqpacket', raw.SOCK_SEQPACKET],
])('%s', (_, type) => {
  checkDescriptors();

  test.each([undefined, 10_000])('SO_SNDBUF %s', (size) => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    if (size !== undefined) raw.setsockopt(first, raw.SOL_SOCKET, raw.SO_SNDBUF, size);
    const largest = raw.getsockopt(first, raw.SOL_SOCKET, raw.SO_SNDBUF) - 32;
    expect(codeOf(() => raw.send(first, Buffer.alloc(largest + 1)))).toBe('EMSGSIZE');
    expect(raw.send(first, Buffer.alloc(largest, 1))).toBe(largest);
    const buffer = Buffer.alloc(largest + 1);
    expect(raw.recv(second, buffer)).toBe(largest);
    expect(buffer.indexOf(0)).toBe(largest);
  });
});
