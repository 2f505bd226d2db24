import { writeSync } from 'node:fs';
import { geteuid } from 'node:process';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux, thrown } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

test('FIONREAD: bytes that wait on a stream', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  expect(raw.ioctl(second, raw.FIONREAD)).toBe(0);
  raw.send(first, 'abc');
  raw.send(first, 'de');
  expect(raw.ioctl(second, raw.FIONREAD)).toBe(5);
});

test('FIONBIO takes a value: writes that would wait give EAGAIN, or not', () => {
  using fds = new Descriptors();
  const [fd] = raw
    .socketpair(raw.AF_UNIX, raw.SOCK_DGRAM, 0, { blocking: true })
    .map((each) => fds.own(each)) as [number, number];
  raw.ioctl(fd, raw.FIONBIO, 1);
  expect(codeOf(() => raw.recv(fd, Buffer.alloc(1)))).toBe('EAGAIN');
});

test('a request that it does not know: ENOTTY', () => {
  using fds = new Descriptors();
  const file = fds.file();
  expect(thrown(() => raw.ioctl(file, raw.FIONREAD))).toMatchObject({
    code: 'ENOTTY',
    message: 'ioctl ENOTTY',
  });
});

describe.runIf(onLinux)('on Linux', () => {
  test('SIOCINQ: the first datagram, the whole of a connection', () => {
    using fds = new Descriptors();
    for (const [type, waiting] of [
      [raw.SOCK_DGRAM, 3],
      [raw.SOCK_SEQPACKET, 5],
    ] as const) {
      const [first, second] = fds.pair(type);
      raw.send(first, 'abc');
      raw.send(first, 'de');
      expect(raw.ioctl(second, raw.SIOCINQ)).toBe(waiting);
    }
  });

  test('SIOCOUTQ: memory that is sent and not received', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(raw.SOCK_STREAM);
    expect(raw.ioctl(first, raw.SIOCOUTQ)).toBe(0);
    raw.send(first, 'abc');
    expect(raw.ioctl(first, raw.SIOCOUTQ)).toBeGreaterThanOrEqual(3);
    raw.recv(second, Buffer.alloc(3));
    expect(raw.ioctl(first, raw.SIOCOUTQ)).toBe(0);
  });

  test('SIOCINQ of a listener: EINVAL', () => {
    using fds = new Descriptors();
    const listener = fds.listener(raw.SOCK_STREAM, raw.UnixAddress.unnamed);
    expect(codeOf(() => raw.ioctl(listener, raw.SIOCINQ))).toBe('EINVAL');
  });

  test.runIf(geteuid?.() === 0)('SIOCUNIXFILE: a descriptor of the socket’s file', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const fd = fds.bound(raw.SOCK_STREAM, scratch.path());
    const file = fds.own(raw.ioctl(fd, raw.SIOCUNIXFILE));
    expect(file).toBeGreaterThan(2);
    expect(raw.fstat(file).isSocket()).toBe(true);
    expect(() => writeSync(file, 'x')).toThrow('EBADF'); // O_PATH
  });

  test('a request that writes more than an int does no harm', () => {
    using fds = new Descriptors();
    const terminal = fds.file('/dev/ptmx');
    const TCGETS = 0x5401; // 36 bytes
    const TIOCGWINSZ = 0x5413; // 8 bytes
    expect(Number.isInteger(raw.ioctl(terminal, TCGETS))).toBe(true);
    expect(raw.ioctl(terminal, TIOCGWINSZ)).toBe(0);
  });
});
