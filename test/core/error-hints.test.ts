// Messages of errors that say what to do. Code, errno and syscall are those of the system call.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { platform } from 'node:process';
import {
  features,
  type UnixAddress,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import { createSocket } from 'afunix/dgram';
import { createServer, Socket } from 'afunix/net';
import { describe, expect, test } from 'vitest';
import { happens } from '../helpers/like-node.js';
import { describeTypes } from '../helpers/pairs.js';
import { asModule, fromRoot } from '../helpers/programs.js';
import { hasSeqpacket, Scratch } from '../helpers/scratch.js';

type Replace = 'never' | 'stale' | 'always';

/** Binds, and resolves with the error. */
type Binds = (path: string, replace: Replace) => Promise<NodeJS.ErrnoException>;

const binds: Record<string, Binds> = {
  ...Object.fromEntries(
    [UnixListener, UnixDatagram, ...(hasSeqpacket ? [UnixSeqpacketListener] : [])].map((Class) => [
      Class.name,
      async (path, replace) => {
        const socket: unknown = await Class.bind(path, { replace }).catch((error) => error);
        return socket as NodeJS.ErrnoException;
      },
    ]),
  ),
  'afunix/dgram': async (path, replace) => {
    try {
      throw createSocket('unix_dgram').bind({ path, replace });
    } catch (error) {
      return error as NodeJS.ErrnoException;
    }
  },
  'afunix/net': async (path, replace) => {
    const [error] = await happens(createServer().listen({ path, replace }), 'error');
    return error as NodeJS.ErrnoException;
  },
};

describe.each(Object.entries(binds))('%s: EADDRINUSE', (name, bind) => {
  const syscall = name === 'afunix/net' ? 'listen' : 'bind';
  const before =
    syscall === 'bind' ? 'bind EADDRINUSE' : 'listen EADDRINUSE: address already in use';

  test('names replace where a socket is', async () => {
    using scratch = new Scratch();
    const path = scratch.path();
    await using _listener = await UnixListener.bind(path);
    const error = await bind(path, 'never');
    expect(error).toMatchObject({ code: 'EADDRINUSE', syscall, address: path });
    expect(error.message).toBe(
      `${before} ${path}: a socket file is there (see the option replace)`,
    );
    expect(error.stack).toContain(error.message);
    expect((await bind(path, 'stale')).message).toBe(
      `${before} ${path}: a socket that answers is there`,
    );
  });

  test('says that a file is no socket', async () => {
    using scratch = new Scratch();
    const [file, folder] = [scratch.path('file'), scratch.path('folder')];
    writeFileSync(file, 'precious');
    mkdirSync(folder);
    for (const path of [file, folder]) {
      for (const replace of ['never', 'stale', 'always'] as const) {
        expect((await bind(path, replace)).message).toBe(
          `${before} ${path}: the file is no socket, and is never replaced`,
        );
      }
    }
  });

  test('a symbolic link', async () => {
    using scratch = new Scratch();
    symlinkSync('nowhere', scratch.path());
    expect((await bind(scratch.path(), 'never')).message).toMatch(/: it is a symbolic link/);
  });

  test.runIf(platform === 'linux')('an abstract name', async () => {
    const taken = `\0afunix-hints-${process.pid}`;
    // Each type has its own names.
    await using _stream = await UnixListener.bind(taken);
    await using _seqpacket = await UnixSeqpacketListener.bind(taken);
    await using _datagram = await UnixDatagram.bind(taken);
    expect((await bind(taken, 'never')).message).toMatch(/: another socket has this name$/);
  });
});

describeTypes((type) => {
  test.runIf(features().refuseFds)('descriptors for a receiver that accepts none', async () => {
    await using pair = type.pair();
    await expect(pair.first.send('x', { fds: [0] })).rejects.toMatchObject({
      code: 'EPERM',
      message: expect.stringContaining(
        'EPERM: the receiver accepts no descriptors (see its option maxFds)',
      ),
    });
  });
});

test.runIf(features().refuseFds)('descriptors by every other call', async () => {
  using scratch = new Scratch();
  await using receiver = await UnixDatagram.bind(scratch.path());
  await using sender = UnixDatagram.unbound();
  const [stream, peer] = UnixStream.pair();
  const fds = [0];
  const to = receiver.localAddress as UnixAddress;
  const calls: (() => unknown)[] = [
    () => sender.send('x', { fds, to }),
    () => sender.sendMany([{ data: 'x', fds, to }]),
    () => sender.trySend('x', { fds, to }),
    () => stream.tryWrite('x', { fds }),
  ];
  for (const call of calls) {
    const error = await Promise.resolve()
      .then(call)
      .catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'EPERM',
      message: expect.stringContaining('accepts no descriptors (see its option maxFds)'),
    });
  }
  stream.close();
  peer.close();
});

test.runIf(features().refuseFds)('descriptors on a socket of afunix/net', async () => {
  const [left, right] = UnixStream.pair();
  const socket = new Socket({ fd: left.detach() });
  socket.writeWithFds('x', [0]);
  const [error] = (await happens(socket, 'error')) as [Error];
  expect(error).toMatchObject({ code: 'EPERM', syscall: 'write' });
  expect(error.message).toContain('maxFds');
  right.close();
});

test.runIf(platform === 'linux')('a receiver that is connected to another socket', async () => {
  using scratch = new Scratch();
  await using other = await UnixDatagram.bind(scratch.path('other'));
  await using receiver = await UnixDatagram.bind(scratch.path());
  receiver.connect(other.localAddress as never);
  await using sender = UnixDatagram.unbound();
  await expect(sender.send('x', { to: scratch.path() })).rejects.toMatchObject({
    code: 'EPERM',
    message: `send EPERM ${scratch.path()}: the receiver is connected to another socket`,
  });
});

const messageSockets = hasSeqpacket ? [UnixDatagram, UnixSeqpacket] : [UnixDatagram];
test.each(messageSockets)('EMSGSIZE says both sizes: %o', async (Class) => {
  const [sender, receiver] = Class.pair();
  const limit = sender.sendBufferSize - (platform === 'linux' ? 32 : 0);
  const size = sender.sendBufferSize + 1;
  const message = `send EMSGSIZE: it has ${size} bytes, and SO_SNDBUF admits ${limit} (see sendBufferSize)`;
  const data = Buffer.alloc(size);
  await expect(sender.send(data)).rejects.toMatchObject({ code: 'EMSGSIZE', message });
  expect(() => sender.trySend(data)).toThrow(message);
  if (sender instanceof UnixDatagram) {
    await expect(sender.sendMany([data])).rejects.toThrow(message);
  }
  sender.close();
  receiver.close();
});

test('EMSGSIZE of a message to a path, and of afunix/dgram', async () => {
  using scratch = new Scratch();
  await using receiver = await UnixDatagram.bind(scratch.path());
  await using sender = UnixDatagram.unbound();
  const data = Buffer.alloc(sender.sendBufferSize + 1);
  const sizes = new RegExp(
    `^send EMSGSIZE .*: it has ${data.length} bytes, and SO_SNDBUF admits \\d+`,
  );
  const to = receiver.localAddress as UnixAddress;
  await expect(sender.send(data, { to })).rejects.toThrow(sizes);
  expect(() => sender.trySend(data, { to })).toThrow(sizes);
  await expect(sender.sendMany([{ data, to }])).rejects.toThrow(sizes);
  const socket = createSocket('unix_dgram');
  const error = await new Promise((resolve) => socket.send(data, scratch.path(), resolve));
  expect(error).toMatchObject({ code: 'EMSGSIZE', message: expect.stringMatching(sizes) });
  socket.close();
});

describe.runIf(platform === 'linux' && process.getuid?.() === 0)('without /proc', () => {
  const hidden = ['--mount', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$0" "$@"'];
  const program = (code: string): string => `
    import { once } from 'node:events';
    import { UnixListener, UnixStream } from 'afunix';
    import { connect, createServer } from 'afunix/net';
    const path = process.argv.at(-1);
    const { message } = await (${code}).catch((error) => error);
    console.log(message.replace(path, 'PATH'));`;

  test.each([
    ['bind ENOSYS', 'UnixListener.bind(path)'],
    ['connect ENOENT', 'UnixStream.connect(path)'],
    ['listen ENOSYS: function not implemented', "once(createServer().listen(path), 'listening')"],
    ['connect ENOENT', "once(connect(path), 'connect')"],
  ])('a long path: %s by %s', async (expected, code) => {
    using scratch = new Scratch();
    if (spawnSync('unshare', [...hidden, 'true']).status !== 0) return; // it is not allowed
    const folder = scratch.path('d'.repeat(120));
    const path = `${folder}/socket`;
    mkdirSync(folder);
    await using _there = expected.includes('connect') ? await UnixListener.bind(path) : null;
    const node = [process.execPath, ...asModule, program(code), path];
    const stdout = execFileSync('unshare', [...hidden, ...node], { cwd: fromRoot('.') });
    expect(stdout.toString()).toBe(
      `${expected} PATH: a long path is reached through /proc, which is not mounted\n`,
    );
  });
});

test('a process that may not load addons: --allow-addons', () => {
  const [major = 0] = process.versions.node.split('.').map(Number);
  const permission = major < 23 ? '--experimental-permission' : '--permission';
  for (const flags of [[permission, '--allow-fs-read=*'], ['--no-addons']]) {
    const program = "import('afunix').catch(({ code, message }) => console.log(code, message))";
    const stdout = execFileSync(process.execPath, [...flags, '-e', program], {
      cwd: fromRoot('.'),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(stdout.toString()).toMatch(/^ERR_DLOPEN_FAILED .*--allow-addons/s);
  }
});
