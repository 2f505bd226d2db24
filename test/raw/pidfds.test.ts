// SO_PASSPIDFD and SO_PEERPIDFD (Linux 6.5): the sender, or the peer, as a descriptor.
import { readFileSync } from 'node:fs';
import { pid } from 'node:process';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, everyType, hasOption, receive } from '../helpers/raw-sockets.js';

const pidOf = (pidfd: number): string | undefined =>
  /^Pid:\s*(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8'))?.[1];

describe.runIf(hasOption(raw.SOCK_STREAM, raw.SO_PASSPIDFD)).each(everyType)('%s', (_, type) => {
  checkDescriptors();

  test('a message brings its sender’s', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.setsockopt(second, raw.SOL_SOCKET, raw.SO_PASSPIDFD, true);
    raw.sendmsg(first, { data: 'x', rights: [0] });
    const { pidfd, rights } = receive(second);
    fds.ownAll(rights);
    expect(pidfd).not.toBe(null);
    expect(pidOf(fds.own(pidfd as number))).toBe(String(pid));
    expect(rights.length).toBe(1);
  });

  test('without room it is closed: controlTruncated without descriptors', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.setsockopt(second, raw.SOL_SOCKET, raw.SO_PASSPIDFD, true);
    raw.send(first, 'x');
    expect(raw.recvmsg(second, { buffers: Buffer.alloc(1), controlLength: 0 })).toMatchObject({
      controlTruncated: true,
      pidfd: null,
      rights: [],
    });
  });

  test('the peer’s', () => {
    using fds = new Descriptors();
    const [first] = fds.pair(type);
    const pidfd = fds.own(raw.getsockopt(first, raw.SOL_SOCKET, raw.SO_PEERPIDFD));
    expect(pidOf(pidfd)).toBe(String(pid));
  });

  test('no peer: ENODATA', () => {
    using fds = new Descriptors();
    const fd = fds.socket(type);
    expect(codeOf(() => raw.getsockopt(fd, raw.SOL_SOCKET, raw.SO_PEERPIDFD))).toBe('ENODATA');
  });
});
