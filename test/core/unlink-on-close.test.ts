// `close()` removes the socket file if it is still the one this socket made, and no other.
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { FileDescriptor, UnixDatagram, UnixListener } from 'afunix';
import { expect, test } from 'vitest';
import { Scratch } from '../helpers/scratch.js';

test('its own file goes', async () => {
  using scratch = new Scratch();
  const socket = await UnixDatagram.bind(scratch.path());
  expect(existsSync(scratch.path())).toBe(true);
  await socket.close();
  expect(existsSync(scratch.path())).toBe(false);
});

test('a file that another socket put there stays', async () => {
  using scratch = new Scratch();
  const first = await UnixListener.bind(scratch.path());
  await using second = await UnixListener.bind(scratch.path(), { replace: 'always' });
  await first.close();
  expect(existsSync(scratch.path())).toBe(true);
  expect(second.closed).toBe(false);
});

test('a regular file that stands there by now stays', async () => {
  using scratch = new Scratch();
  const socket = await UnixDatagram.bind(scratch.path());
  renameSync(scratch.path(), scratch.path('moved'));
  writeFileSync(scratch.path(), '');
  await socket.close();
  expect(existsSync(scratch.path())).toBe(true);
});

test('a file that is gone already is no error', async () => {
  using scratch = new Scratch();
  const socket = await UnixDatagram.bind(scratch.path());
  rmSync(scratch.path());
  await socket.close();
  expect(socket.closed).toBe(true);
});

test('unlinkOnClose: false leaves it', async () => {
  using scratch = new Scratch();
  const socket = await UnixDatagram.bind(scratch.path(), { unlinkOnClose: false });
  await socket.close();
  expect(existsSync(scratch.path())).toBe(true);
});

test('a relative path is found again from another folder', async () => {
  using scratch = new Scratch();
  const folder = process.cwd();
  try {
    process.chdir(scratch.folder);
    const socket = await UnixDatagram.bind('relative');
    process.chdir('/');
    await socket.close();
    expect(existsSync(scratch.path('relative'))).toBe(false);
  } finally {
    process.chdir(folder);
  }
});

test('a detached socket keeps its file, and so does an adopted one', async () => {
  using scratch = new Scratch();
  const bound = await UnixListener.bind(scratch.path());
  const fd = bound.detach();
  expect(fd).toBeInstanceOf(FileDescriptor);
  expect(existsSync(scratch.path())).toBe(true);
  const adopted = UnixListener.fromFd(fd);
  expect(adopted.localAddress?.path).toBe(scratch.path());
  await adopted.close();
  expect(existsSync(scratch.path())).toBe(true);
});

test('a failed bind leaves no file', async () => {
  using scratch = new Scratch();
  const folder = scratch.path('missing/socket');
  await expect(UnixListener.bind(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(existsSync(scratch.path('missing'))).toBe(false);
});
