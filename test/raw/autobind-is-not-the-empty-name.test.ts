// unix(7): a bind of no name has the kernel choose one; the abstract name of no bytes is a name.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux } from '../helpers/raw-sockets.js';

describe.runIf(onLinux)('names of no bytes', () => {
  checkDescriptors();

  test('unnamed: the kernel chooses five hexadecimal digits, each time others', () => {
    using fds = new Descriptors();
    const names = [1, 2].map(() =>
      raw.getsockname(fds.bound(raw.SOCK_DGRAM, raw.UnixAddress.unnamed)),
    );
    for (const name of names) expect(name.toString()).toMatch(/^@[0-9a-f]{5}$/);
    expect(names[0]?.equals(names[1])).toBe(false);
  });

  test('abstract: one socket in the whole system has it, as its name', () => {
    using fds = new Descriptors();
    const fd = fds.socket(raw.SOCK_SEQPACKET);
    try {
      raw.bind(fd, '\0');
      expect(raw.getsockname(fd).bytes).toEqual(Buffer.from([0]));
    } catch (error) {
      expect(error).toMatchObject({ code: 'EADDRINUSE' }); // another process was first
    }
    expect(codeOf(() => fds.bound(raw.SOCK_SEQPACKET, '\0'))).toBe('EADDRINUSE');
  });

  test('a socket that was never bound has none', () => {
    using fds = new Descriptors();
    expect(raw.getsockname(fds.socket(raw.SOCK_STREAM))).toBe(raw.UnixAddress.unnamed);
  });
});
