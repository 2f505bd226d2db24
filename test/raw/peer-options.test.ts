// What SOL_SOCKET tells of the peer: SO_PEERCRED, SO_PEERGROUPS, SO_PEERSEC.
import { getegid, geteuid, getgroups, pid } from 'node:process';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, everyType, onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

const numbers = (bytes: Buffer): number[] => [
  ...new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4),
];
const peerCredentials = (fd: number): number[] =>
  numbers(raw.getsockopt(fd, raw.SOL_SOCKET, raw.SO_PEERCRED, 12));

describe.runIf(onLinux).each(everyType)('%s', (_, type) => {
  checkDescriptors();

  test('of a pair: this process', () => {
    using fds = new Descriptors();
    const [first] = fds.pair(type);
    expect(peerCredentials(first)).toEqual([pid, geteuid?.(), getegid?.()]);
  });

  test('no peer: pid 0, uid and gid -1', () => {
    using fds = new Descriptors();
    expect(peerCredentials(fds.socket(type))).toEqual([0, -1, -1]);
  });

  test('groups, as many as there are', () => {
    using fds = new Descriptors();
    const [first] = fds.pair(type);
    const groups = numbers(raw.getsockopt(first, raw.SOL_SOCKET, raw.SO_PEERGROUPS, 1024));
    // getgroups(2) may add the effective group.
    expect(getgroups?.()).toEqual(expect.arrayContaining(groups));
    if (groups.length > 0) {
      const get = (): Buffer => raw.getsockopt(first, raw.SOL_SOCKET, raw.SO_PEERGROUPS, 1);
      expect(codeOf(get)).toBe('ERANGE');
    }
  });

  test('label: text, or ENOPROTOOPT where no security module gives labels', () => {
    using fds = new Descriptors();
    const [first] = fds.pair(type);
    try {
      const label = raw.getsockopt(first, raw.SOL_SOCKET, raw.SO_PEERSEC, 4096);
      expect(label.length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOPROTOOPT' });
    }
  });
});

test.runIf(onLinux)('a datagram socket connected by path knows no credentials', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  fds.bound(raw.SOCK_DGRAM, scratch.path());
  const fd = fds.connected(raw.SOCK_DGRAM, scratch.path());
  expect(peerCredentials(fd)).toEqual([0, -1, -1]);
});
