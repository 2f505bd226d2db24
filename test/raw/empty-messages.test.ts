// A message of no bytes is a message; on a connection it looks like the end.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux, receive } from '../helpers/raw-sockets.js';

checkDescriptors();

test('datagram', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_DGRAM);
  expect(raw.send(first, '')).toBe(0);
  expect(raw.sendmsg(first, {})).toBe(0);
  raw.send(first, 'x');
  const lengths = [receive(second), receive(second), receive(second)].map(({ length }) => length);
  expect(lengths).toEqual([0, 0, 1]);
});

describe.runIf(onLinux)('seqpacket', () => {
  test('an empty packet and the end both return 0', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(raw.SOCK_SEQPACKET);
    raw.send(first, '');
    fds.close(first);
    expect(receive(second).length).toBe(0);
    expect(receive(second).length).toBe(0);
    expect(receive(second).length).toBe(0);
  });

  test('with SO_PASSCRED only the packet brings credentials', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(raw.SOCK_SEQPACKET);
    raw.setsockopt(second, raw.SOL_SOCKET, raw.SO_PASSCRED, true);
    raw.send(first, '');
    fds.close(first);
    expect(receive(second)).toMatchObject({ length: 0, credentials: { pid: process.pid } });
    expect(receive(second)).toMatchObject({ length: 0, credentials: null });
  });
});

test('stream: nothing is sent', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  expect(raw.send(first, '')).toBe(0);
  expect(codeOf(() => raw.recv(second, Buffer.alloc(1)))).toBe('EAGAIN');
});
