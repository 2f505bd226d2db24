// Pathnames that fill sun_path (108 bytes on Linux), and those that do not fit into it.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux, receive, thrown } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();
const max = raw.UNIX_PATH_MAX;

/** A path of `length` bytes in a folder that is there. */
function pathOf(scratch: Scratch, length: number): string {
  let folder = scratch.folder;
  while (length - folder.length > 200) {
    folder = join(folder, 'd'.repeat(100));
    mkdirSync(folder, { recursive: true });
  }
  return join(folder, 's'.repeat(length - folder.length - 1));
}

test.each([max - 1, max])('%i bytes are bound as they are', (length) => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const path = pathOf(scratch, length);
  const fd = fds.bound(raw.SOCK_DGRAM, path);
  expect(raw.getsockname(fd).path).toBe(path);
  expect(existsSync(path)).toBe(true);
  fds.connected(raw.SOCK_DGRAM, path);
});

describe.runIf(onLinux).each([max + 1, 300, 1000, 4095])('%i bytes', (length) => {
  test('bind, connect, sendto and sendmsg reach the socket', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const path = pathOf(scratch, length);
    expect(path.length).toBe(length);
    const receiver = fds.bound(raw.SOCK_DGRAM, path);
    expect(existsSync(path)).toBe(true);
    raw.send(fds.connected(raw.SOCK_DGRAM, path), 'connected');
    const sender = fds.socket(raw.SOCK_DGRAM);
    raw.sendto(sender, 'sendto', path);
    raw.sendmsg(sender, { data: 'sendmsg', address: path });
    raw.sendmmsg(sender, [{ data: 'sendmmsg', address: path }]);
    const received = [1, 2, 3, 4].map(() => receive(receiver).data);
    expect(received).toEqual(['connected', 'sendto', 'sendmsg', 'sendmmsg']);
  });

  test('taken twice is EADDRINUSE, and missing is ENOENT', () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    const path = pathOf(scratch, length);
    expect(thrown(() => fds.connected(raw.SOCK_DGRAM, path))).toMatchObject({
      code: 'ENOENT',
      address: path,
    });
    expect(codeOf(() => raw.sendto(fds.socket(raw.SOCK_DGRAM), 'x', path))).toBe('ENOENT');
    fds.bound(raw.SOCK_STREAM, path);
    expect(codeOf(() => fds.bound(raw.SOCK_STREAM, path))).toBe('EADDRINUSE');
  });
});

test('4,096 bytes are refused', () => {
  using fds = new Descriptors();
  const fd = fds.socket(raw.SOCK_DGRAM);
  const path = `/${'x'.repeat(4095)}`;
  expect(codeOf(() => raw.bind(fd, path))).toBe('ERR_INVALID_ARG_VALUE');
  expect(codeOf(() => raw.sendto(fd, 'x', path))).toBe('ERR_INVALID_ARG_VALUE');
});

test.runIf(onLinux)('an earlier message goes out though a later one has no such file', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const path = pathOf(scratch, 300);
  const receiver = fds.bound(raw.SOCK_DGRAM, path);
  const sent = raw.sendmmsg(fds.socket(raw.SOCK_DGRAM), [
    { data: 'a', address: path },
    { data: 'b', address: `${path}x` },
  ]);
  expect(sent).toBe(1);
  expect(receive(receiver).data).toBe('a');
});
