// SO_COOKIE and SO_MEMINFO (Linux 4.12), SO_PASSSEC: a socket's number, its memory, labels.
import { features } from 'afunix';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, receive } from '../helpers/raw-sockets.js';

checkDescriptors();
const { SOL_SOCKET } = raw;

test.runIf(features().cookie)('SO_COOKIE: 64 bits that stay the same', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  const cookie = (fd: number): bigint =>
    raw.getsockopt(fd, SOL_SOCKET, raw.SO_COOKIE, 8).readBigUInt64LE();
  expect(cookie(first)).toBe(cookie(fds.own(raw.dup(first))));
  expect(cookie(first)).not.toBe(cookie(second));
});

test.runIf(features().memoryInfo)('SO_MEMINFO: what was sent and not received', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  const SK_MEMINFO_WMEM_ALLOC = 2; // linux/sock_diag.h
  const sending = (): number =>
    raw.getsockopt(first, SOL_SOCKET, raw.SO_MEMINFO, 36).readUInt32LE(SK_MEMINFO_WMEM_ALLOC * 4);
  expect(sending()).toBe(0);
  raw.send(first, 'x');
  expect(sending()).toBeGreaterThan(0);
  receive(second);
  expect(sending()).toBe(0);
});

test.runIf(features().passSecurity)('SO_PASSSEC: a label where there are labels, else none', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  raw.setsockopt(second, SOL_SOCKET, raw.SO_PASSSEC, true);
  raw.send(first, 'x');
  const { security, data } = receive(second);
  expect(data).toBe('x');
  expect(security !== null).toBe(features().peerSecurityLabel);
});
