// Flags are handed to the kernel as they are.
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, receive } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

const { MSG_OOB, MSG_PEEK } = raw;

test('MSG_OOB of a datagram socket: EOPNOTSUPP, from every call', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  fds.bound(raw.SOCK_DGRAM, scratch.path());
  const fd = fds.connected(raw.SOCK_DGRAM, scratch.path());
  for (const call of [
    () => raw.send(fd, 'x', MSG_OOB),
    () => raw.sendto(fd, 'x', MSG_OOB, scratch.path()),
    () => raw.sendmsg(fd, { data: 'x' }, MSG_OOB),
    () => raw.sendmmsg(fd, [{ data: 'x' }], MSG_OOB),
    () => raw.recv(fd, Buffer.alloc(1), MSG_OOB),
    () => raw.recvfrom(fd, Buffer.alloc(1), MSG_OOB),
    () => raw.recvmsg(fd, Buffer.alloc(1), MSG_OOB),
    () => raw.recvmmsg(fd, [Buffer.alloc(1)], MSG_OOB),
  ]) {
    expect(codeOf(call)).toBe('EOPNOTSUPP');
  }
});

test('MSG_PEEK leaves the message', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_DGRAM);
  raw.send(first, 'x');
  expect(raw.recv(second, Buffer.alloc(8), MSG_PEEK)).toBe(1);
  expect(raw.recvfrom(second, Buffer.alloc(8), MSG_PEEK).length).toBe(1);
  expect(receive(second, MSG_PEEK).length).toBe(1);
  expect(raw.recvmmsg(second, [Buffer.alloc(8)], MSG_PEEK).length).toBe(1);
  expect(receive(second).data).toBe('x');
  expect(codeOf(() => receive(second))).toBe('EAGAIN');
});
