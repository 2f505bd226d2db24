// `localAddress` and `peerAddress` of connections: what was bound and what was connected to, also where the
// kernel has another name for it.
import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import {
  FileDescriptor,
  type Peer,
  UnixAddress,
  UnixDatagram,
  UnixListener,
  UnixSeqpacket,
  UnixSeqpacketListener,
  UnixStream,
} from 'afunix';
import * as net from 'afunix/net';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

/** A folder whose sockets have pathnames that do not fit. */
function deep(scratch: Scratch): string {
  const folder = scratch.path('d'.repeat(120));
  mkdirSync(folder, { recursive: true });
  return folder;
}

describe.runIf(onLinux).each([
  ['stream', UnixListener, UnixStream],
  ['seqpacket', UnixSeqpacketListener, UnixSeqpacket],
] as const)('%s', (_, Listener, Client) => {
  test.each(['never', 'stale', 'always'] as const)('a long path, %s', async (replace) => {
    using scratch = new Scratch();
    const path = `${deep(scratch)}/server`;
    const local = `${deep(scratch)}/client`;
    await using old = replace === 'always' ? await Listener.bind(path) : null;
    await using listener = await Listener.bind(path, { replace });
    await using client = await Client.connect(path, { localAddress: local });
    await using server = await listener.accept();
    expect(listener.localAddress?.path).toBe(path);
    expect(client.peerAddress?.path).toBe(path);
    expect(client.localAddress?.path).toBe(local);
    expect(server.localAddress?.path).toBe(path);
    // A name of the client's, that leads to it and to nobody else.
    const seen = server.peerAddress as UnixAddress;
    await using probe = UnixDatagram.unbound();
    expect(() => probe.connect(seen)).toThrow(expect.objectContaining({ code: 'EPROTOTYPE' }));
    await client.close();
    expect(() => probe.connect(seen)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(ENOENT|ENOTDIR)$/) }),
    );
    await listener.close();
    await old?.close();
    expect(readdirSync(deep(scratch))).toEqual([]);
  });

  test('replace: always, where a socket file is in the way', async () => {
    using scratch = new Scratch();
    const path = scratch.path();
    await using old = await Listener.bind(path);
    await using listener = await Listener.bind(path, { replace: 'always', unlinkOnClose: false });
    await using client = await Client.connect(path);
    await using server = await listener.accept();
    expect(listener.localAddress?.path).toBe(path);
    expect(client.peerAddress?.path).toBe(path);
    expect(server.localAddress?.path).toBe(path);
    expect(server.peerAddress).toBe(UnixAddress.unnamed);
    expect(readdirSync(scratch.folder)).toEqual(['socket']);
    expect(old.localAddress?.path).toBe(path);
    // Who has but the descriptor has but the kernel's word, which is none.
    await using adopted = Client.fromFd(raw.dup(client.fd));
    expect(adopted.peerAddress).toBe(UnixAddress.unnamed);
  });
});

test('a relative path is absolute, whatever the working directory is later', async () => {
  using scratch = new Scratch();
  const folder = process.cwd();
  process.chdir(scratch.folder);
  try {
    await using listener = await UnixListener.bind('server');
    await using client = await UnixStream.connect('./server');
    process.chdir('/');
    await using server = await listener.accept();
    expect(listener.localAddress?.path).toBe(scratch.path('server'));
    expect(server.localAddress?.path).toBe(scratch.path('server'));
    expect(client.peerAddress?.path).toBe(`${scratch.folder}/./server`);
  } finally {
    process.chdir(folder);
  }
});

test('a listener that was moved: the client knows where it connected to', async () => {
  using scratch = new Scratch();
  await using _listener = await UnixListener.bind(scratch.path('before'), { unlinkOnClose: false });
  renameSync(scratch.path('before'), scratch.path('after'));
  await using client = await UnixStream.connect(scratch.path('after'));
  expect(client.peerAddress?.path).toBe(scratch.path('after'));
});

test('a datagram socket that connects has that peer, and none when it disconnects', async () => {
  using scratch = new Scratch();
  await using _old = await UnixDatagram.bind(scratch.path('one'));
  await using one = await UnixDatagram.bind(scratch.path('one'), { replace: 'always' });
  await using other = await UnixDatagram.bind(scratch.path('other'));
  await using socket = UnixDatagram.unbound();
  socket.connect(one.localAddress as UnixAddress);
  expect(socket.peerAddress?.path).toBe(scratch.path('one'));
  socket.connect(other.localAddress as UnixAddress);
  expect(socket.peerAddress?.path).toBe(scratch.path('other'));
  socket.disconnect();
  expect(socket.peerAddress).toBeNull();
});

test.runIf(onLinux)('afunix/net: a long path, and who connects from one', async () => {
  using scratch = new Scratch();
  const path = `${deep(scratch)}/server`;
  const addresses: (UnixAddress | null)[] = [];
  const authorize = (peer: Peer): boolean => {
    addresses.push(peer.address);
    return true;
  };
  const server = net.createServer({ authorize });
  server.listen(path);
  await once(server, 'listening');
  expect(server.address()).toBe(path);
  const accepted = once(server, 'connection');
  const client = await UnixStream.connect(path, { localAddress: `${deep(scratch)}/client` });
  const [connection] = (await accepted) as [net.Socket];
  expect(addresses[0]?.path).toMatch(/^\/proc\/\d+\/fd\/\d+\/\.afunix-[0-9a-f]{16}$/);
  await client.close();
  connection.destroy();
  await once(connection, 'close');
  server.close();
  await once(server, 'close');
  expect(readdirSync(deep(scratch))).toEqual([]);
});

test.runIf(onLinux)(
  'a detached listener keeps its one file, and its name is not known',
  async () => {
    using scratch = new Scratch();
    const path = `${deep(scratch)}/server`;
    const fd = (await UnixListener.bind(path)).detach();
    expect(fd).toBeInstanceOf(FileDescriptor);
    await using adopted = UnixListener.fromFd(fd);
    expect(adopted.localAddress).toBe(UnixAddress.unnamed);
    await using _client = await UnixStream.connect(path);
    await using server = await adopted.accept();
    expect(server.localAddress).toBe(UnixAddress.unnamed);
    expect(readdirSync(deep(scratch))).toEqual(['server']);
  },
);
