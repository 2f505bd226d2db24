// A stream discards descriptors that have no byte to ride on; datagrams and packets carry them.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { Descriptors, onLinux, receive, thrown } from '../helpers/raw-sockets.js';

checkDescriptors();

test.each([
  ['no data', {}],
  ['an empty string', { data: '' }],
  ['no buffers', { buffers: [] }],
  ['empty buffers', { buffers: [Buffer.alloc(0), ''] }],
])('a stream refuses them: %s', (_, bytes) => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  const message = { ...bytes, rights: [0] };
  for (const call of [
    () => raw.sendmsg(first, message),
    () => raw.sendmmsg(first, [{ data: 'x' }, message]),
  ]) {
    expect(thrown(call)).toMatchObject({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });
  }
  expect(thrown(() => receive(second))).toMatchObject({ code: 'EAGAIN' });
});

test('a stream takes them where any piece has a byte', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_STREAM);
  expect(raw.sendmsg(first, { buffers: ['', 'x'], rights: [0] })).toBe(1);
  expect(fds.ownAll(receive(second).rights).length).toBe(1);
});

describe.runIf(onLinux).each([
  ['datagram', raw.SOCK_DGRAM],
  ['seqpacket', raw.SOCK_SEQPACKET],
])('%s', (_, type) => {
  test('an empty message carries them', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    expect(raw.sendmsg(first, { rights: [0, 1] })).toBe(0);
    const message = receive(second);
    expect(fds.ownAll(message.rights).length).toBe(2);
    expect(message.length).toBe(0);
  });
});

test('what is no socket gives its own error', () => {
  using fds = new Descriptors();
  const file = fds.file();
  expect(thrown(() => raw.sendmsg(file, { rights: [0] }))).toMatchObject({ code: 'ENOTSOCK' });
});
