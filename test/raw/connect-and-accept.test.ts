import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, connectionTypes, Descriptors, onLinux, receive } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

describe.each(connectionTypes)('%s', (_, type) => {
  checkDescriptors();

  test('both ends talk, and know each other by name', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const listener = fds.listener(type, scratch.path('server'));
    const client = fds.bound(type, scratch.path('client'));
    raw.connect(client, scratch.path('server'));
    const server = fds.accept(listener);

    expect(raw.send(client, 'ping')).toBe(4);
    expect(receive(server).data).toBe('ping');
    expect(raw.send(server, 'pong')).toBe(4);
    expect(receive(client).data).toBe('pong');
    expect(raw.getpeername(client).path).toBe(scratch.path('server'));
    expect(raw.getsockname(server).path).toBe(scratch.path('server'));
    expect(raw.getpeername(server).path).toBe(scratch.path('client'));
  });

  test('accept with nobody there: EAGAIN', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const listener = fds.listener(type, scratch.path());
    expect(codeOf(() => raw.accept(listener))).toBe('EAGAIN');
  });

  test('accept on a socket that does not listen: EINVAL', () => {
    using fds = new Descriptors();
    expect(codeOf(() => raw.accept(fds.socket(type)))).toBe('EINVAL');
  });

  test.runIf(onLinux)('listen on a socket without a name: EINVAL', () => {
    using fds = new Descriptors();
    expect(codeOf(() => raw.listen(fds.socket(type)))).toBe('EINVAL');
  });
});

test('datagram sockets do not listen: EOPNOTSUPP', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const fd = fds.bound(raw.SOCK_DGRAM, scratch.path());
  expect(codeOf(() => raw.listen(fd))).toBe('EOPNOTSUPP');
  expect(codeOf(() => raw.accept(fd))).toBe('EOPNOTSUPP');
});

test('no peer: ENOTCONN', () => {
  using fds = new Descriptors();
  const fd = fds.socket(raw.SOCK_STREAM);
  expect(codeOf(() => raw.getpeername(fd))).toBe('ENOTCONN');
  expect(codeOf(() => raw.send(fd, 'x'))).toMatch(/ENOTCONN|EPIPE/);
});
