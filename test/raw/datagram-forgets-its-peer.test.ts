// connect(2) with AF_UNSPEC.
import * as raw from 'afunix/raw';
import { expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, receive } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();

test('connect with null', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const receiver = fds.bound(raw.SOCK_DGRAM, scratch.path());
  const sender = fds.connected(raw.SOCK_DGRAM, scratch.path());
  raw.send(sender, 'a');
  raw.connect(sender, null);
  expect(codeOf(() => raw.send(sender, 'b'))).toMatch(/ENOTCONN|EDESTADDRREQ/);
  raw.connect(sender, scratch.path());
  raw.send(sender, 'c');
  expect([receive(receiver).data, receive(receiver).data]).toEqual(['a', 'c']);
});
