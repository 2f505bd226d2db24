import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, onLinux, receive } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

test('recvfrom and recvmsg tell it, and an answer reaches it', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const server = fds.bound(raw.SOCK_DGRAM, scratch.path('server'));
  const client = fds.bound(raw.SOCK_DGRAM, scratch.path('client'));
  raw.sendto(client, 'a', scratch.path('server'));
  raw.sendto(client, 'b', 0, scratch.path('server'));
  const from = raw.recvfrom(server, Buffer.alloc(8));
  expect(from.address.path).toBe(scratch.path('client'));
  expect(receive(server).address.equals(from.address)).toBe(true);
  raw.sendto(server, 'answer', from.address);
  expect(receive(client).data).toBe('answer');
});

test('a sender without a name: unnamed', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const server = fds.bound(raw.SOCK_DGRAM, scratch.path());
  const client = fds.socket(raw.SOCK_DGRAM);
  for (let i = 0; i < 2; i += 1) raw.sendto(client, 'x', scratch.path());
  expect(raw.recvfrom(server, Buffer.alloc(8)).address).toBe(raw.UnixAddress.unnamed);
  expect(receive(server).address.kind).toBe('unnamed');
});

test.runIf(onLinux)('a pathname that fills sun_path is whole', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const path = scratch.path('c').padEnd(raw.UNIX_PATH_MAX, 'c');
  const server = fds.bound(raw.SOCK_DGRAM, scratch.path());
  const client = fds.bound(raw.SOCK_DGRAM, path);
  raw.sendto(client, 'x', scratch.path());
  expect(raw.recvfrom(server, Buffer.alloc(8)).address.path).toBe(path);
});

test.runIf(onLinux)('a pathname that is no UTF-8 is exact', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const path = Buffer.concat([Buffer.from(scratch.path('x')), Buffer.from([0xff, 0xfe])]);
  const fd = fds.bound(raw.SOCK_DGRAM, path);
  expect(raw.getsockname(fd).bytes).toEqual(path);
  fds.connected(raw.SOCK_DGRAM, raw.getsockname(fd));
});
