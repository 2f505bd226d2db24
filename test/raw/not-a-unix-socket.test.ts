// A socket of another family has an address that is none of ours: unnamed, and nothing breaks.
import { createServer, type Server } from 'node:net';
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();
const AF_INET6 = onLinux ? 10 : 30;

test('an IPv6 socket', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const fd = fds.own(raw.socket(AF_INET6, raw.SOCK_STREAM));
  expect(raw.getsockname(fd)).toBe(raw.UnixAddress.unnamed);
  expect(codeOf(() => raw.bind(fd, scratch.path()))).toMatch(/EINVAL|EAFNOSUPPORT/);
});

test('a server of node:net', async () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const server = await new Promise<Server>((resolve) => {
    const made = createServer().listen(scratch.path(), () => resolve(made));
  });
  const client = fds.connected(raw.SOCK_STREAM, scratch.path());
  expect(raw.getpeername(client).path).toBe(scratch.path());
  server.on('connection', (socket) => socket.end('hello'));
  const buffer = Buffer.alloc(10);
  let length = 0;
  while (length === 0) {
    await new Promise(setImmediate);
    try {
      length = raw.recv(client, buffer);
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' });
    }
  }
  expect(buffer.toString('utf8', 0, length)).toBe('hello');
  fds.close(client);
  await new Promise((resolve) => server.close(resolve));
});
