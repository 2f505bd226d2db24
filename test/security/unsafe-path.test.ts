// bind refuses places where anybody could put another socket, unless that is allowed.
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, symlinkSync } from 'node:fs';
import { UnixDatagram, UnixListener, UnixSeqpacketListener, UnixStream } from 'afunix';
import { createSocket } from 'afunix/dgram';
import { createServer } from 'afunix/net';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

interface Options {
  allowUnsafePath?: boolean;
  replace?: 'never' | 'stale' | 'always';
}

/** Binds, and returns how to close it. */
type Bind = (path: string, options?: Options) => Promise<() => unknown>;

const ways: [name: string, syscall: string, bind: Bind][] = [
  ['UnixListener', 'bind', async (...to) => closing(await UnixListener.bind(...to))],
  ['UnixDatagram', 'bind', async (...to) => closing(await UnixDatagram.bind(...to))],
  ['Server of afunix/net', 'listen', bindServer],
  ['Socket of afunix/dgram', 'bind', bindEvents],
];
if (hasSeqpacket) {
  const bind: Bind = async (...to) => closing(await UnixSeqpacketListener.bind(...to));
  ways.push(['UnixSeqpacketListener', 'bind', bind]);
}

const closing =
  (socket: AsyncDisposable): (() => unknown) =>
  () =>
    socket[Symbol.asyncDispose]();

async function bindServer(path: string, options?: Options): Promise<() => unknown> {
  const server = createServer().listen({ path, ...options });
  await once(server, 'listening');
  return closing(server);
}

async function bindEvents(path: string, options?: Options): Promise<() => unknown> {
  const socket = createSocket('unix_dgram');
  const failed = new Promise<never>((_, reject) => {
    socket.on('error', reject);
  });
  socket.bind({ path, ...options });
  await Promise.race([once(socket, 'listening'), failed]);
  return closing(socket);
}

/** A folder that all may write. */
function openFolder(mode: number): Scratch {
  const scratch = new Scratch();
  chmodSync(scratch.folder, mode);
  return scratch;
}

describe.each(ways)('%s', (_name, syscall, bind) => {
  test('a directory that all may write and that is not sticky', async () => {
    using scratch = openFolder(0o777);
    const path = scratch.path();
    for (const replace of ['never', 'stale', 'always'] as const) {
      const error = await bind(path, { replace }).catch((reason) => reason);
      expect(error).toMatchObject({ code: 'ERR_UNSAFE_PATH', syscall, address: path });
      expect(error.message).toBe(
        `${syscall} ERR_UNSAFE_PATH ${path}: all may write its directory, which is not sticky (see allowUnsafePath)`,
      );
    }
    expect(readdirSync(scratch.folder)).toEqual([]);
    const close = await bind(path, { allowUnsafePath: true });
    expect(existsSync(path)).toBe(true);
    await close();
    expect(existsSync(path)).toBe(false);
  });

  test('a sticky one is taken, and one of a group', async () => {
    for (const mode of [0o1777, 0o775]) {
      using scratch = openFolder(mode);
      const close = await bind(scratch.path());
      expect(existsSync(scratch.path())).toBe(true);
      await close();
    }
  });

  test('a symbolic link where the socket should be', async () => {
    using scratch = new Scratch();
    const path = scratch.path();
    symlinkSync('real', path);
    for (const replace of ['never', 'stale', 'always'] as const) {
      await expect(bind(path, { replace })).rejects.toMatchObject({
        code: 'EADDRINUSE',
        syscall,
        message: `${syscall} EADDRINUSE ${path}: it is a symbolic link (see allowUnsafePath)`,
      });
    }
    expect(readdirSync(scratch.folder)).toEqual(['socket']);
    const close = await bind(path, { allowUnsafePath: true });
    expect(readdirSync(scratch.folder).toSorted()).toEqual(['real', 'socket']);
    await expect(bind(scratch.path('real'))).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await close();
    expect(readdirSync(scratch.folder)).toEqual(['socket']);
  });

  test('the option is true, false or left out', async () => {
    const wrong = { allowUnsafePath: 'yes' } as unknown as Options;
    using scratch = new Scratch();
    await expect(bind(scratch.path(), wrong)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });
});

test('the local address of a connection', async () => {
  using scratch = openFolder(0o777);
  const path = scratch.path();
  await using listener = await UnixListener.bind(path, { allowUnsafePath: true });
  const localAddress = scratch.path('client');
  await expect(UnixStream.connect(path, { localAddress })).rejects.toMatchObject({
    code: 'ERR_UNSAFE_PATH',
    syscall: 'bind',
    address: localAddress,
  });
  await using client = await UnixStream.connect(path, { localAddress, allowUnsafePath: true });
  await using server = await listener.accept();
  expect(server.peerAddress?.path).toBe(localAddress);
  expect(client.closed).toBe(false);
});

test('afunix/raw is bind(2), and refuses nothing', () => {
  using scratch = openFolder(0o777);
  const fd = raw.socket(raw.AF_UNIX, raw.SOCK_STREAM);
  raw.bind(fd, scratch.path());
  raw.close(fd);
  expect(existsSync(scratch.path())).toBe(true);
});
