// What console.log and JSON.stringify show of sockets and descriptors.
import { inspect } from 'node:util';
import { FileDescriptor, UnixDatagram, UnixListener, UnixStream } from 'afunix';
import { close, fstat } from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

test('sockets show their class, descriptor and addresses', async () => {
  using scratch = new Scratch();
  const path = scratch.path();
  const listener = await UnixListener.bind(path);
  const client = await UnixStream.connect(path);
  const server = await listener.accept();
  expect(inspect(listener)).toBe(
    `UnixListener ${inspect({ fd: listener.fd, localAddress: path, peerAddress: null })}`,
  );
  expect(JSON.parse(JSON.stringify([client, server]))).toEqual([
    { fd: client.fd, localAddress: '', peerAddress: path },
    { fd: server.fd, localAddress: path, peerAddress: '' },
  ]);
  expect(inspect({ nested: { deep: { client } } }, { depth: 1 })).toContain('[Object]');
  expect(inspect([[client]], { depth: 1 })).toContain('[UnixStream]');
  for (const socket of [client, server, listener]) {
    await socket.close();
    expect(inspect(socket)).toBe(`${socket.constructor.name} { closed: true }`);
  }
});

test('subclasses have their own name', async () => {
  class Mine extends FileDescriptor {}
  const [one, other] = UnixDatagram.pair();
  using mine = new Mine(one.detach().detach());
  expect(mine.toJSON()).toEqual({
    fd: mine.fd,
    origin: 'adopted',
    kind: 'socket',
    domain: 'unix',
    type: 'datagram',
    listening: false,
  });
  expect(inspect(mine)).toMatch(/^Mine \{/);
  await other.close();
});

test.runIf(onLinux)(
  'descriptors show where they came from, also when the number is no more',
  () => {
    const fd = FileDescriptor.sealed('x', 'a name');
    const { fd: number } = fd;
    expect(fd.toJSON()).toEqual({ fd: number, origin: 'a name', kind: 'file' });
    fd.close();
    expect(inspect(fd)).toBe('FileDescriptor { closed: true }');

    const lost = FileDescriptor.sealed('x', 'lost');
    const copy = lost.fd;
    close(copy);
    expect(() => fstat(copy)).toThrow();
    expect(lost.toJSON()).toEqual({ fd: copy, origin: 'lost' });
    expect(lost.detach()).toBe(copy);
  },
);
