import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { UnixAddress, UnixDatagram } from 'afunix';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

/** A folder whose sockets have pathnames that do not fit. */
function deep(scratch: Scratch, name = 'd'): string {
  const folder = scratch.path(name.repeat(120));
  mkdirSync(folder, { recursive: true });
  return folder;
}

describe.runIf(onLinux)('a name that cannot be right here is none', () => {
  test.each(['/proc/self/fd/', '/proc/thread-self/fd/', '/proc//self/../self/fd/', '/dev/fd/'])(
    '%sN/x',
    async (prefix) => {
      using scratch = new Scratch();
      using fds = new Descriptors();
      const directory = openSync(scratch.folder, constants.O_RDONLY);
      const path = `${prefix}${directory}/x`;
      const sender = fds.bound(raw.SOCK_DGRAM, path);
      await using server = await UnixDatagram.bind(scratch.path('server'));
      raw.sendto(sender, 'ask', scratch.path('server'));
      raw.connect(sender, scratch.path('server'));
      const { from } = await server.receive();
      expect(from).toBe(UnixAddress.unnamed);
      await expect(server.send('secret', { to: from })).rejects.toThrow();
      server.connect(scratch.path('x'));
      expect(server.peerAddress?.path).toBe(scratch.path('x'));
      await using adopted = UnixDatagram.fromFd(raw.dup(sender));
      expect(adopted.localAddress).toBe(UnixAddress.unnamed);
      await using connected = UnixDatagram.fromFd(raw.dup(server.fd));
      expect(connected.peerAddress).toBe(UnixAddress.unnamed);
      // Raw tells what the kernel does.
      expect(raw.getsockname(sender).path).toBe(path);
      closeSync(directory);
    },
  );

  test('of raw.bind with a long path', async () => {
    using scratch = new Scratch();
    using fds = new Descriptors();
    await using server = await UnixDatagram.bind(scratch.path('server'));
    for (const path of [`${deep(scratch)}/x`, scratch.path('x'.repeat(200))]) {
      const sender = fds.bound(raw.SOCK_DGRAM, path);
      raw.sendto(sender, 'ask', scratch.path('server'));
      expect((await server.receive()).from).toBe(UnixAddress.unnamed);
      expect(raw.getsockname(sender).path).toMatch(/\/\.afunix-tmp-[0-9a-f]{16}$/);
    }
  });

  test('other names of /proc and of files like these are names', async () => {
    using scratch = new Scratch();
    await using server = await UnixDatagram.bind(scratch.path('server'));
    mkdirSync(scratch.path('self'));
    mkdirSync(scratch.path('fd'));
    for (const name of ['self/x', 'fd/x', '.afunix-tmp-x', '.afunix-tmp-0123456789abcdef0']) {
      await using sender = await UnixDatagram.bind(scratch.path(name));
      await sender.send('x', { to: scratch.path('server') });
      expect((await server.receive()).from.path).toBe(scratch.path(name));
    }
  });
});

test('a relative path is told as an absolute one, which means the same everywhere', async () => {
  using scratch = new Scratch();
  const folder = process.cwd();
  await using server = await UnixDatagram.bind(scratch.path('server'));
  process.chdir(scratch.folder);
  try {
    await using client = await UnixDatagram.bind('client');
    await client.send('ask', { to: 'server' });
    client.connect('server');
    process.chdir('/');
    expect((await server.receive()).from.path).toBe(scratch.path('client'));
    expect(client.localAddress?.path).toBe(scratch.path('client'));
    expect(client.peerAddress?.path).toBe(scratch.path('server'));
  } finally {
    process.chdir(folder);
  }
});

test('a relative path of another program is no address: here it may be a stranger’s', async () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const folder = process.cwd();
  mkdirSync(scratch.path('theirs'));
  await using server = await UnixDatagram.bind(scratch.path('server'));
  const sender = fds.own(raw.socket(raw.AF_UNIX, raw.SOCK_DGRAM));
  try {
    process.chdir(scratch.path('theirs'));
    raw.bind(sender, 'client');
    process.chdir(scratch.folder);
    await using stranger = await UnixDatagram.bind('client');
    raw.sendto(sender, 'ask', scratch.path('server'));
    const { from } = await server.receive();
    expect(from).toBe(UnixAddress.unnamed);
    await expect(server.send('secret', { to: from })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    expect(stranger.bytesReadable).toBe(0);
  } finally {
    process.chdir(folder);
  }
});
