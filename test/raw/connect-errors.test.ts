// Each reason why nobody answers has its code.
import { writeFileSync } from 'node:fs';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, everyType, onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

describe.each(everyType)('%s', (_, type) => {
  checkDescriptors();

  test('no file: ENOENT', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    expect(codeOf(() => fds.connected(type, scratch.path()))).toBe('ENOENT');
  });

  test('a stale file: ECONNREFUSED to connect, EADDRINUSE to bind', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    fds.close(fds.bound(type, scratch.path()));
    expect(codeOf(() => fds.connected(type, scratch.path()))).toBe('ECONNREFUSED');
    expect(codeOf(() => fds.bound(type, scratch.path()))).toBe('EADDRINUSE');
  });

  test.runIf(onLinux)('a file that is no socket: ECONNREFUSED', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    writeFileSync(scratch.path(), '');
    expect(codeOf(() => fds.connected(type, scratch.path()))).toBe('ECONNREFUSED');
  });

  test('a socket of another type: EPROTOTYPE', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const other = type === raw.SOCK_DGRAM ? raw.SOCK_STREAM : raw.SOCK_DGRAM;
    fds.bound(other, scratch.path());
    expect(codeOf(() => fds.connected(type, scratch.path()))).toBe('EPROTOTYPE');
  });

  test.runIf(onLinux)('the unnamed address: EINVAL', () => {
    using fds = new Descriptors();
    expect(codeOf(() => fds.connected(type, raw.UnixAddress.unnamed))).toBe('EINVAL');
  });
});

test('bound but not listening: ECONNREFUSED', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  fds.bound(raw.SOCK_STREAM, scratch.path());
  expect(codeOf(() => fds.connected(raw.SOCK_STREAM, scratch.path()))).toBe('ECONNREFUSED');
});

test('connected already: EISCONN', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  fds.listener(raw.SOCK_STREAM, scratch.path());
  const fd = fds.connected(raw.SOCK_STREAM, scratch.path());
  expect(codeOf(() => raw.connect(fd, scratch.path()))).toBe('EISCONN');
});
