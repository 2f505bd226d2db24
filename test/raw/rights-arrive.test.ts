// Descriptors arrive as duplicates of the same open files, in order, close-on-exec.
import { readFileSync, readSync } from 'node:fs';
import { platform } from 'node:process';
import * as raw from 'afunix/raw';
import { describe, expect, test } from 'vitest';
import { checkDescriptors, openDescriptors } from '../helpers/descriptors.js';
import { Descriptors, everyType, onLinux, receive } from '../helpers/raw-sockets.js';

const isCloseOnExec = (fd: number): boolean => {
  const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));
  return (Number.parseInt(flags?.[1] ?? '', 8) & 0o2000000) !== 0;
};

describe.each(everyType)('%s', (_, type) => {
  checkDescriptors();

  test('files, in the order they were given in', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const files = ['/dev/null', '/dev/zero', '/dev/null', '/dev/tty'].slice(0, 3);
    const rights = files.map((path) => fds.file(path));
    expect(raw.sendmsg(first, { data: 'abc', rights })).toBe(3);
    const message = receive(second);
    fds.ownAll(message.rights);
    expect(message).toMatchObject({ data: 'abc', controlTruncated: false });
    const kinds = [rights, message.rights].map((list) => list.map((fd) => raw.fstat(fd).rdev));
    expect(kinds[1]).toEqual(kinds[0]);
    expect(message.rights.some((fd) => rights.includes(fd))).toBe(false);
  });

  test('they share the open file, and outlive the sender’s', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const file = fds.file(import.meta.filename);
    const whole = readFileSync(import.meta.filename);
    readSync(file, Buffer.alloc(10), 0, 10, null);
    raw.sendmsg(first, { data: 'x', rights: [file] });
    fds.close(file);
    fds.close(first);
    const [received] = fds.ownAll(receive(second).rights) as [number];
    const rest = Buffer.alloc(20);
    readSync(received, rest, 0, 20, null);
    expect(rest).toEqual(whole.subarray(10, 30));
  });

  test('a socket, that works on', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const [left, right] = fds.pair(raw.SOCK_STREAM);
    raw.sendmsg(first, { data: 'x', rights: [right] });
    fds.close(right);
    const [received] = fds.ownAll(receive(second).rights) as [number];
    raw.send(left, 'hello');
    expect(receive(received).data).toBe('hello');
  });

  test('an empty array is none', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.sendmsg(first, { data: 'x', rights: [] });
    expect(receive(second).rights).toEqual([]);
  });

  test.runIf(onLinux)('close-on-exec', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.sendmsg(first, { data: 'x', rights: [0, 1] });
    const message = receive(second);
    fds.ownAll(message.rights);
    expect(message.rights.map(isCloseOnExec)).toEqual([true, true]);
    expect(message.flags & raw.MSG_CMSG_CLOEXEC).toBe(raw.MSG_CMSG_CLOEXEC);
  });

  test('those in flight are closed with the socket', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    const [left, right] = fds.pair(raw.SOCK_STREAM);
    raw.sendmsg(first, { data: 'x', rights: [right] });
    fds.close(right);
    fds.close(first);
    fds.close(second);
    expect(raw.recv(left, Buffer.alloc(1))).toBe(0);
  });

  test('received by recv and recvfrom they are closed, not leaked', () => {
    using fds = new Descriptors();
    const [first, second] = fds.pair(type);
    raw.sendmsg(first, { data: 'x', rights: [0] });
    raw.sendmsg(first, { data: 'y', rights: [0] });
    const before = openDescriptors();
    raw.recv(second, Buffer.alloc(1));
    raw.recvfrom(second, Buffer.alloc(1));
    expect(openDescriptors()).toEqual(before);
  });
});

test.runIf(platform === 'linux')('a pidfd and a directory are descriptors, too', () => {
  using fds = new Descriptors();
  const [first, second] = fds.pair(raw.SOCK_DGRAM);
  const folder = fds.file('/');
  raw.sendmsg(first, { rights: [folder] });
  const [received] = fds.ownAll(receive(second).rights) as [number];
  expect(raw.fstat(received).ino).toBe(raw.fstat(folder).ino);
});
