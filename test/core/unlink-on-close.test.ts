// `close()` removes the socket file if it is still the one this socket made, and no other.
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import {
  FileDescriptor,
  fromFd,
  UnixDatagram,
  UnixListener,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { createServer } from 'afunix/net';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

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

/** Whether this process may ask which file a socket has made: SIOCUNIXFILE takes CAP_NET_ADMIN. */
function asksForFiles(): boolean {
  using scratch = new Scratch();
  using fd = listening(scratch.path());
  try {
    new FileDescriptor(raw.ioctl(fd.fd, raw.SIOCUNIXFILE)).close();
    return true;
  } catch {
    return false;
  }
}

/** What adopts a bound socket. */
type Adopter = (fd: FileDescriptor) => { close(): unknown; detach?(): FileDescriptor };
const unlinkOnClose = true;
const adopters: [string, Adopter, typeof listening][] = [
  ['UnixListener.fromFd', (fd) => UnixListener.fromFd(fd, { unlinkOnClose }), listening],
  ['fromFd', (fd) => fromFd(fd, { unlinkOnClose }), listening],
  ['listen({ fd })', (fd) => createServer().listen({ fd, unlinkOnClose }), listening],
  ['UnixDatagram.fromFd', (fd) => UnixDatagram.fromFd(fd, { unlinkOnClose }), boundToReceive],
  ['fromFd of datagrams', (fd) => fromFd(fd, { unlinkOnClose }), boundToReceive],
];

/** A listening stream socket, of which this process knows no more than the number. */
function listening(path: string, type = raw.SOCK_STREAM): FileDescriptor {
  const fd = new FileDescriptor(raw.socket(raw.AF_UNIX, type));
  raw.bind(fd.fd, path);
  raw.listen(fd.fd, 4);
  return fd;
}

/** A datagram socket, of which this process knows no more than the number. */
function boundToReceive(path: string): FileDescriptor {
  const fd = new FileDescriptor(raw.socket(raw.AF_UNIX, raw.SOCK_DGRAM));
  raw.bind(fd.fd, path);
  return fd;
}

describe.each(adopters)('adopted with unlinkOnClose by %s', (name, adopt, bound) => {
  test('its file goes', async () => {
    using scratch = new Scratch();
    const adopted = adopt(bound(scratch.path()));
    expect(existsSync(scratch.path())).toBe(true);
    await adopted.close();
    expect(existsSync(scratch.path())).toBe(false);
  });

  test('a file that another socket put there since stays', async () => {
    using scratch = new Scratch();
    const adopted = adopt(bound(scratch.path()));
    await using _second = await UnixListener.bind(scratch.path(), { replace: 'always' });
    await adopted.close();
    expect(existsSync(scratch.path())).toBe(true);
  });

  test.runIf(asksForFiles())('a file that another socket put there before stays', async () => {
    using scratch = new Scratch();
    const fd = bound(scratch.path());
    await using _second = await UnixListener.bind(scratch.path(), { replace: 'always' });
    await adopt(fd).close();
    expect(existsSync(scratch.path())).toBe(true);
  });

  test.runIf(process.platform === 'linux')('an abstract name is nothing to remove', async () => {
    await adopt(bound(`\0afunix-unlink-${process.pid}`)).close();
  });

  test('a relative path, of another folder perhaps, stays', async () => {
    using scratch = new Scratch();
    const folder = process.cwd();
    try {
      process.chdir(scratch.folder);
      await adopt(bound('relative')).close();
      expect(existsSync(scratch.path('relative'))).toBe(true);
    } finally {
      process.chdir(folder);
    }
  });

  test.runIf(name !== 'listen({ fd })')('detached again, it keeps its file', async () => {
    using scratch = new Scratch();
    adopt(bound(scratch.path())).detach?.().close();
    expect(existsSync(scratch.path())).toBe(true);
  });
});

test.runIf(hasSeqpacket)(
  'UnixSeqpacketListener.fromFd, too, and false is the default',
  async () => {
    using scratch = new Scratch();
    for (const [options, left] of [
      [{ unlinkOnClose: false }, true],
      [{}, true],
      [{ unlinkOnClose }, false],
    ] as const) {
      const fd = listening(scratch.path(), raw.SOCK_SEQPACKET);
      await UnixSeqpacketListener.fromFd(fd, options).close();
      expect(existsSync(scratch.path())).toBe(left);
      rmSync(scratch.path(), { force: true });
    }
  },
);

test('an adopted datagram socket keeps its file by default, and an unbound one has none', async () => {
  using scratch = new Scratch();
  await UnixDatagram.fromFd(boundToReceive(scratch.path())).close();
  expect(existsSync(scratch.path())).toBe(true);
  const unbound = new FileDescriptor(raw.socket(raw.AF_UNIX, raw.SOCK_DGRAM));
  await UnixDatagram.fromFd(unbound, { unlinkOnClose }).close();
});

test('an adoption that fails leaves the file and the descriptor', async () => {
  using scratch = new Scratch();
  using fd = listening(scratch.path());
  using datagram = boundToReceive(scratch.path('datagram'));
  const [one, other] = UnixStream.pair();
  const connected = one.detach();
  for (const [adopt, code] of [
    [() => UnixListener.fromFd(fd, { unlinkOnClose: 1 } as never), 'ERR_INVALID_ARG_TYPE'],
    [() => createServer().listen({ fd, unlinkOnClose: 1 } as never), 'ERR_INVALID_ARG_TYPE'],
    [() => UnixSeqpacketListener.fromFd(fd, { unlinkOnClose }), 'ERR_INVALID_ARG_VALUE'],
    [() => fromFd(connected, { unlinkOnClose }), 'ERR_INVALID_ARG_VALUE'],
    [() => fromFd(datagram, { unlinkOnClose: 1 } as never), 'ERR_INVALID_ARG_TYPE'],
    [() => UnixDatagram.fromFd(datagram, { unlinkOnClose: 1 } as never), 'ERR_INVALID_ARG_TYPE'],
    [() => UnixDatagram.fromFd(fd, { unlinkOnClose }), 'ERR_INVALID_ARG_VALUE'],
    [() => UnixStream.fromFd(connected, { unlinkOnClose } as never), 'ERR_INVALID_ARG_VALUE'],
  ] as const) {
    expect(adopt).toThrow(expect.objectContaining({ code }));
  }
  expect([fd.closed, connected.closed, existsSync(scratch.path())]).toEqual([false, false, true]);
  expect([datagram.closed, existsSync(scratch.path('datagram'))]).toEqual([false, true]);
  connected.close();
  await other.close();
});

test('the end of a worker removes the file that it adopted', async () => {
  using scratch = new Scratch();
  const code = `(async () => {
    const { UnixListener } = await import('afunix');
    globalThis.kept = UnixListener.fromFd(${listening(scratch.path()).detach()}, { unlinkOnClose: true });
  })()`;
  await new Promise((resolve, reject) => {
    new Worker(code, { eval: true }).on('error', reject).on('exit', resolve);
  });
  expect(existsSync(scratch.path())).toBe(false);
});
