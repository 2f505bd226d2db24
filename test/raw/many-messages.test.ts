// sendmmsg and recvmmsg: how many went and came.
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors } from '../helpers/descriptors.js';
import { codeOf, Descriptors, onLinux, receive } from '../helpers/raw-sockets.js';
import { Scratch } from '../helpers/scratch.js';

checkDescriptors();
const buffers = (count: number, size = 8): Buffer[] =>
  Array.from({ length: count }, () => Buffer.alloc(size));

test('only those that came are returned', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_DGRAM);
  expect(raw.sendmmsg(first, [{ data: 'a' }, { data: 'bc' }, {}])).toBe(3);
  const room = buffers(10);
  const received = raw.recvmmsg(second, room);
  expect(received.map(({ length }) => length)).toEqual([1, 2, 0]);
  expect(room.map((buffer, i) => buffer.toString('utf8', 0, received[i]?.length ?? 0))).toEqual([
    'a',
    'bc',
    '',
    '',
    '',
    '',
    '',
    '',
    '',
    '',
  ]);
  expect(codeOf(() => raw.recvmmsg(second, room))).toBe('EAGAIN');
});

test('no more than there are elements', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_DGRAM);
  raw.sendmmsg(first, [{ data: 'a' }, { data: 'b' }, { data: 'c' }]);
  expect(raw.recvmmsg(second, buffers(2)).length).toBe(2);
  expect(receive(second).data).toBe('c');
});

test('none: 0, and an empty array', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_DGRAM);
  raw.send(first, 'x');
  expect(raw.sendmmsg(first, [])).toBe(0);
  expect(raw.recvmmsg(second, [])).toEqual([]);
});

test('a full queue: as many as went, then EAGAIN', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_DGRAM);
  const messages = Array.from({ length: 1000 }, (_, i) => ({ data: String(i) }));
  const sent = raw.sendmmsg(first, messages);
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(1000);
  expect(codeOf(() => raw.sendmmsg(first, messages))).toMatch(/EAGAIN|ENOBUFS/);
  for (let i = 0; i < sent; i += 1) expect(receive(second).data).toBe(String(i));
});

test('each has its own address, buffers, descriptors and sender', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const receivers = ['a', 'b'].map((name) => fds.bound(raw.SOCK_DGRAM, scratch.path(name)));
  const sender = fds.bound(raw.SOCK_DGRAM, scratch.path('sender'));
  const sent = raw.sendmmsg(sender, [
    { buffers: ['1', '2'], address: scratch.path('a'), rights: [0] },
    { data: '3', address: raw.UnixAddress.pathname(scratch.path('b')), rights: [0, 0] },
    { data: '4', address: Buffer.from(scratch.path('a')) },
  ]);
  expect(sent).toBe(3);
  const [toA, toB] = receivers.map((fd) => raw.recvmmsg(fd, [buffers(2, 1), buffers(1)]));
  for (const { rights } of [...(toA ?? []), ...(toB ?? [])]) {
    for (const fd of rights) expect(raw.fstat(fd).ino).toBe(raw.fstat(0).ino);
  }
  const shape = (messages: raw.ReceivedMessage[] | undefined): unknown[] | undefined =>
    messages?.map(({ length, rights, address }) => [
      length,
      fds.ownAll(rights).length,
      address.path,
    ]);
  expect(shape(toA)).toEqual([
    [2, 1, scratch.path('sender')],
    [1, 0, scratch.path('sender')],
  ]);
  expect(shape(toB)).toEqual([[1, 2, scratch.path('sender')]]);
});

test('the first that fails: its error, if it is the first of all', () => {
  using scratch = new Scratch();
  using fds = new Descriptors();
  const receiver = fds.bound(raw.SOCK_DGRAM, scratch.path());
  const sender = fds.socket(raw.SOCK_DGRAM);
  const good = { data: 'x', address: scratch.path() };
  const bad = { data: 'y', address: scratch.path('missing') };
  expect(raw.sendmmsg(sender, [good, bad, good])).toBe(1);
  expect(codeOf(() => raw.sendmmsg(sender, [bad, good]))).toBe('ENOENT');
  expect(receive(receiver).data).toBe('x');
  expect(codeOf(() => receive(receiver))).toBe('EAGAIN');
});

test('at most 1,024 in one call', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_DGRAM);
  raw.setsockopt(first, raw.SOL_SOCKET, raw.SO_SNDBUF, 10_000_000);
  const messages = Array(1500).fill({ data: 'x' });
  const sent = raw.sendmmsg(first, messages);
  expect(sent).toBeLessThanOrEqual(1024);
  expect(raw.recvmmsg(second, buffers(1500)).length).toBe(sent);
});

describe.runIf(onLinux)('on Linux', () => {
  test('at the end of a connection every element is an empty message', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(raw.SOCK_SEQPACKET);
    raw.send(first, 'x');
    fds.close(first);
    expect(raw.recvmmsg(second, buffers(3)).map(({ length }) => length)).toEqual([1, 0, 0]);
  });

  test('MSG_WAITFORONE: a blocking descriptor waits for the first only', () => {
    using fds = new Descriptors();
    const [first, second] = fds.ownAll(
      raw.socketpair(raw.AF_UNIX, raw.SOCK_DGRAM, 0, { blocking: true }),
    ) as [number, number];
    raw.send(first, 'x');
    expect(raw.recvmmsg(second, buffers(3), raw.MSG_WAITFORONE).length).toBe(1);
  });
});
