// System errors have the shape of Node's own.
import net from 'node:net';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, onLinux, thrown } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

test('code, errno, syscall and message are those of node:net', async () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const path = scratch.path();
  const theirs = await new Promise<NodeJS.ErrnoException>((resolve) => {
    net.connect(path).on('error', resolve);
  });
  const ours = thrown(() => fds.connected(raw.SOCK_STREAM, path)) as raw.SystemError;
  expect(ours).toBeInstanceOf(Error);
  expect(ours.message).toBe(theirs.message);
  expect(ours.code).toBe(theirs.code);
  expect(ours.errno).toBe(theirs.errno);
  expect(ours.syscall).toBe(theirs.syscall);
  expect(ours.address).toBe(path);
});

test('a call without an address has none in its error', () => {
  using fds = new Descriptors();
  const [fd] = fds.pair(raw.SOCK_STREAM);
  const error = thrown(() => raw.recv(fd, Buffer.alloc(1))) as Error;
  expect(error.message).toBe('recv EAGAIN');
  expect(error).toMatchObject({ code: 'EAGAIN', syscall: 'recv' });
  expect('address' in error).toBe(false);
});

test.runIf(onLinux)('an abstract address is shown with @', () => {
  using fds = new Descriptors();
  expect(thrown(() => fds.connected(raw.SOCK_STREAM, '\0afunix-nobody'))).toMatchObject({
    message: 'connect ECONNREFUSED @afunix-nobody',
    address: '@afunix-nobody',
  });
});

test('a UnixAddress and bytes are shown as their path', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const path = scratch.path('ü');
  for (const address of [path, raw.UnixAddress.pathname(path), Buffer.from(path)]) {
    const error = thrown(() => fds.connected(raw.SOCK_DGRAM, address)) as Error;
    expect(error.message).toBe(`connect ENOENT ${path}`);
  }
});
