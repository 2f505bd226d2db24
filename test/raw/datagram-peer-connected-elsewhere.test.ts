// A datagram socket that is connected hears only its peer: EPERM for all others.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux, thrown } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

describe.runIf(onLinux)('a datagram socket', () => {
  checkDescriptors();

  test('refuses everyone but its peer', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const receiver = fds.bound(raw.SOCK_DGRAM, scratch.path('receiver'));
    fds.bound(raw.SOCK_DGRAM, scratch.path('friend'));
    raw.connect(receiver, scratch.path('friend'));
    const stranger = fds.socket(raw.SOCK_DGRAM);
    expect(thrown(() => raw.sendto(stranger, 'x', scratch.path('receiver')))).toMatchObject({
      code: 'EPERM',
      syscall: 'sendto',
      address: scratch.path('receiver'),
    });
    expect(codeOf(() => raw.connect(stranger, scratch.path('receiver')))).toBe('EPERM');
  });

  test('whose peer reconnects drops what is unread and says ECONNRESET, once', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const one = fds.bound(raw.SOCK_DGRAM, scratch.path('one'));
    const two = fds.bound(raw.SOCK_DGRAM, scratch.path('two'));
    fds.bound(raw.SOCK_DGRAM, scratch.path('three'));
    raw.connect(one, scratch.path('two'));
    raw.connect(two, scratch.path('one'));
    raw.send(one, 'unread');
    raw.connect(two, scratch.path('three'));
    expect(codeOf(() => raw.recv(one, Buffer.alloc(8)))).toBe('ECONNRESET');
    expect(codeOf(() => raw.recv(one, Buffer.alloc(8)))).toBe('EAGAIN');
    expect(codeOf(() => raw.recv(two, Buffer.alloc(8)))).toBe('EAGAIN');
  });
});
