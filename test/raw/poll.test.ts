import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux } from '../helpers/raw-sockets.js';

checkDescriptors();
const { POLLERR, POLLHUP, POLLIN, POLLOUT } = raw;

const types: [string, number][] = [['SOCK_STREAM', raw.SOCK_STREAM]];
if (onLinux) types.push(['SOCK_SEQPACKET', raw.SOCK_SEQPACKET]);

test.each(types)('%s: readable, writable, hung up', (_name, type) => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(type);
  expect([raw.poll(first, POLLIN), raw.poll(first, POLLIN | POLLOUT)]).toEqual([0, POLLOUT]);
  raw.send(second, 'x');
  expect([raw.poll(first, POLLIN), raw.poll(first, 0)]).toEqual([POLLIN, 0]);
  raw.recv(first, Buffer.alloc(1));

  // One direction has ended: the peer may still receive.
  raw.shutdown(second, raw.SHUT_WR);
  expect(raw.poll(first, 0)).toBe(0);
  fds.close(second);
  expect(raw.poll(first, 0) & POLLHUP).toBe(POLLHUP);
});

test.runIf(onLinux)('an error of the socket is POLLERR', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  raw.send(first, 'never received');
  fds.close(second);
  expect(raw.poll(first, 0) & POLLERR).toBe(POLLERR);
  expect(codeOf(() => raw.recv(first, Buffer.alloc(1)))).toBe('ECONNRESET');
});

test('it does not wait on a blocking descriptor, and takes any kind', () => {
  using fds = new Descriptors();
  const socket = fds.own(raw.socket(raw.AF_UNIX, raw.SOCK_DGRAM, 0, { blocking: true }));
  expect(raw.poll(socket, POLLIN)).toBe(0);
  expect(raw.poll(fds.file(), POLLIN)).toBe(POLLIN);
});
