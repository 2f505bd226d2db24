// getsockopt and setsockopt, as integers and as bytes.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux, thrown } from '../helpers/raw-sockets.js';

checkDescriptors();
const { SOL_SOCKET } = raw;

test('an integer option is a number', () => {
  using fds = new Descriptors();
  const fd = fds.socket(raw.SOCK_DGRAM);
  expect(raw.getsockopt(fd, SOL_SOCKET, raw.SO_TYPE)).toBe(raw.SOCK_DGRAM);
  expect(raw.getsockopt(fd, SOL_SOCKET, raw.SO_ERROR)).toBe(0);
  expect(raw.getsockopt(fd, SOL_SOCKET, raw.SO_ACCEPTCONN)).toBe(0);
});

test('set as a number, as a boolean, and as bytes', () => {
  using fds = new Descriptors();
  const fd = fds.socket(raw.SOCK_STREAM);
  const get = (): number => raw.getsockopt(fd, SOL_SOCKET, raw.SO_KEEPALIVE);
  raw.setsockopt(fd, SOL_SOCKET, raw.SO_KEEPALIVE, true);
  expect(get()).not.toBe(0);
  raw.setsockopt(fd, SOL_SOCKET, raw.SO_KEEPALIVE, 0);
  expect(get()).toBe(0);
  raw.setsockopt(fd, SOL_SOCKET, raw.SO_KEEPALIVE, new Int32Array([1]));
  expect(get()).not.toBe(0);
  raw.setsockopt(fd, SOL_SOCKET, raw.SO_KEEPALIVE, false);
  expect(get()).toBe(0);
});

test('an option that is no int is not cut to one', () => {
  using fds = new Descriptors();
  const fd = fds.socket(raw.SOCK_STREAM);
  expect(thrown(() => raw.getsockopt(fd, SOL_SOCKET, raw.SO_LINGER))).toMatchObject({
    name: 'TypeError',
    code: 'ERR_INVALID_ARG_VALUE',
    message: expect.stringContaining('8 bytes'),
  });
  expect(raw.getsockopt(fd, SOL_SOCKET, raw.SO_LINGER, 8)).toEqual(Buffer.alloc(8));
});

test('with a length: what the kernel wrote', () => {
  using fds = new Descriptors();
  const fd = fds.socket(raw.SOCK_STREAM);
  expect(raw.getsockopt(fd, SOL_SOCKET, raw.SO_TYPE, 100).length).toBe(4);
  expect(raw.getsockopt(fd, SOL_SOCKET, raw.SO_TYPE, 2).length).toBe(2);
  expect(raw.getsockopt(fd, SOL_SOCKET, raw.SO_TYPE, 0).length).toBe(0);
});

test('with a buffer: that memory, and none beside it', () => {
  using fds = new Descriptors();
  const fd = fds.socket(raw.SOCK_DGRAM);
  const memory = new Int32Array([-1, -1, -1]);
  const room = memory.subarray(1, 2);
  const value = raw.getsockopt(fd, SOL_SOCKET, raw.SO_TYPE, room);
  expect([...memory]).toEqual([-1, raw.SOCK_DGRAM, -1]);
  expect(value.buffer).toBe(memory.buffer);
  expect(value.length).toBe(4);
});

test('an option nobody knows: ENOPROTOOPT', () => {
  using fds = new Descriptors();
  const fd = fds.socket(raw.SOCK_STREAM);
  expect(codeOf(() => raw.getsockopt(fd, SOL_SOCKET, 9999))).toBe('ENOPROTOOPT');
  expect(codeOf(() => raw.setsockopt(fd, SOL_SOCKET, 9999, 1))).toBe('ENOPROTOOPT');
});

test('too few bytes: EINVAL', () => {
  using fds = new Descriptors();
  const fd = fds.socket(raw.SOCK_STREAM);
  const set = (): void => raw.setsockopt(fd, SOL_SOCKET, raw.SO_KEEPALIVE, Buffer.alloc(2));
  expect(codeOf(set)).toBe('EINVAL');
});

describe.runIf(onLinux)('on Linux', () => {
  test('SO_SNDBUF doubles what is asked', () => {
    using fds = new Descriptors();
    const fd = fds.socket(raw.SOCK_STREAM);
    raw.setsockopt(fd, SOL_SOCKET, raw.SO_SNDBUF, 50_000);
    expect(raw.getsockopt(fd, SOL_SOCKET, raw.SO_SNDBUF)).toBe(100_000);
  });

  test('a value of 32 bits without a sign', () => {
    using fds = new Descriptors();
    const fd = fds.socket(raw.SOCK_STREAM);
    try {
      raw.setsockopt(fd, SOL_SOCKET, raw.SO_MARK, 0xffffffff);
    } catch (error) {
      expect(error).toMatchObject({ code: 'EPERM' }); // needs CAP_NET_ADMIN
      return;
    }
    expect(raw.getsockopt(fd, SOL_SOCKET, raw.SO_MARK) >>> 0).toBe(0xffffffff);
  });

  test('SO_PEEK_OFF: each peek goes on where the last one ended', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(raw.SOCK_STREAM);
    raw.setsockopt(second, SOL_SOCKET, raw.SO_PEEK_OFF, 0);
    raw.send(first, 'abcdef');
    const peek = (): string => {
      const buffer = Buffer.alloc(2);
      raw.recv(second, buffer, raw.MSG_PEEK);
      return buffer.toString();
    };
    expect([peek(), peek(), peek()]).toEqual(['ab', 'cd', 'ef']);
  });

  // The kernel counts this option in instructions: 64 bytes of room are 8 of them, not 64.
  test('SO_GET_FILTER writes no more than there is room for', () => {
    using fds = new Descriptors();
    const fd = fds.socket(raw.SOCK_DGRAM);
    expect(raw.getsockopt(fd, SOL_SOCKET, raw.SO_GET_FILTER, 64).length).toBe(0);
  });
});
