// unix(7): an abstract name is all its bytes, NULs among them, and no more.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux } from '../helpers/raw-sockets.js';

const name = `\0afunix-exact-${process.pid}`;

describe.runIf(onLinux)('abstract names', () => {
  checkDescriptors();

  test.each([
    ['plain', name],
    ['with a NUL at the end', `${name}\0`],
    ['with a NUL inside', `${name}\0inside`],
    ['of 107 bytes', name.padEnd(108, 'x')],
    [
      'of bytes that are no text',
      Buffer.concat([Buffer.from([0, 0xff, 0xfe, 0, 0x80]), Buffer.from(name)]),
    ],
  ])('%s', (_, address) => {
    using fds = new Descriptors();
    const fd = fds.bound(raw.SOCK_DGRAM, address);
    const found = raw.getsockname(fd);
    expect(found.kind).toBe('abstract');
    expect(found.path).toBe(null);
    expect(found.bytes).toEqual(Buffer.from(address as string));
    fds.connected(raw.SOCK_DGRAM, address);
  });

  test('two that differ by a NUL at the end are two', () => {
    using fds = new Descriptors();
    fds.bound(raw.SOCK_DGRAM, name);
    expect(codeOf(() => fds.connected(raw.SOCK_DGRAM, `${name}\0`))).toBe('ECONNREFUSED');
    fds.bound(raw.SOCK_DGRAM, `${name}\0`);
  });

  test('longer than 107 bytes is refused, not cut', () => {
    using fds = new Descriptors();
    const fd = fds.socket(raw.SOCK_DGRAM);
    expect(codeOf(() => raw.bind(fd, name.padEnd(109, 'x')))).toBe('ERR_INVALID_ARG_VALUE');
  });

  test('one name may be bound once for each type', () => {
    using fds = new Descriptors();
    for (const type of [raw.SOCK_STREAM, raw.SOCK_DGRAM, raw.SOCK_SEQPACKET]) {
      fds.bound(type, name);
      expect(codeOf(() => fds.bound(type, name))).toBe('EADDRINUSE');
    }
  });
});
